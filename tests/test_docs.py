"""What the documents say is what the code does."""

from docs import reference


def test_message_reference_is_that_of_the_code() -> None:
    assert (reference.FOLDER / "messages.md").read_text("utf-8") == reference.messages(), (
        "run `make reference`"
    )


def test_asyncapi_document_is_that_of_the_code() -> None:
    assert (reference.FOLDER / "asyncapi.json").read_text("utf-8") == reference.asyncapi(), (
        "run `make reference`"
    )
