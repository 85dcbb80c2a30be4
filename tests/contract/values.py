"""Any value of any contract type, drawn by Hypothesis from the type itself."""

from typing import Any

from hypothesis import strategies as st
from msgspec import Raw, Struct, inspect
from msgspec import msgpack as mp

_LEAST, _MOST = -(2**62), 2**62


def values(kind: object) -> st.SearchStrategy[Any]:
    """Strategy for the values that `kind` and its constraints allow."""
    return _of(inspect.type_info(kind))


def _of(info: inspect.Type) -> st.SearchStrategy[Any]:  # noqa: C901, PLR0911, PLR0912 - a case per kind
    match info:
        case inspect.Metadata(type=inspect.StrType(), extra_json_schema={"pattern": pattern}):
            return st.from_regex(pattern)
        case inspect.Metadata(type=inner):
            return _of(inner)
        case inspect.StrType(pattern=str(pattern)):
            return st.from_regex(pattern)
        case inspect.StrType(min_length=least, max_length=most):
            return st.text(min_size=least or 0, max_size=most or 40)
        case inspect.IntType(ge=least, le=most):
            return st.integers(_LEAST if least is None else least, most or _MOST)
        case inspect.BytesType(min_length=least, max_length=most):
            return st.binary(min_size=least or 0, max_size=most or 40)
        case inspect.FloatType():
            return st.floats(allow_nan=False)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.LiteralType(values=choices):
            return st.sampled_from(choices)
        case inspect.EnumType(cls=cls):
            return st.sampled_from(cls)
        case inspect.UnionType(types=types):
            return st.one_of(*map(_of, types))
        case inspect.VarTupleType(item_type=item, min_length=least):
            return st.lists(_of(item), min_size=least or 0, max_size=3).map(tuple)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(_of(key), _of(value), max_size=3)
        case inspect.RawType():
            return st.binary(max_size=20).map(lambda data: Raw(mp.encode(data)))
        case inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: _of(field.type) for field in fields})
    raise NotImplementedError(f"no values of {info}")


def structs(union: object) -> tuple[type[Struct], ...]:
    """The members of a union of structs."""
    info = inspect.type_info(union)
    assert isinstance(info, inspect.UnionType)
    return tuple(part.cls for part in info.types if isinstance(part, inspect.StructType))
