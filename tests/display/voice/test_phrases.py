import pytest

from contract.snapshot import CallView
from display.voice.bank import SHIPPED_BANKS, BankText, read_text
from display.voice.no_slip import OwnNumber
from display.voice.phrases import Sentences, clips_needed, numeral, phrase
from tests.display.voice.calls import call

VI = read_text(SHIPPED_BANKS / "vi")
EN = read_text(SHIPPED_BANKS / "en")


def words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize(
    ("said", "vietnamese", "english"),
    [
        (
            call("1025", "3"),
            "mời công dân có số một không hai năm đến quầy số ba",
            "number one zero two five please come to counter three",
        ),
        (
            call("5007", "12", times=2),
            "mời công dân có số năm không không bảy đến quầy số mười hai nhắc lại lần hai",
            "number five zero zero seven please come to counter twelve call two",
        ),
        (
            call("01025", "21"),  # a training number
            "mời công dân có số không một không hai năm đến quầy số hai mươi mốt",
            "number zero one zero two five please come to counter twenty one",
        ),
        (
            call("2101", "5", priority=True),
            "mời công dân có số ưu tiên hai một không một đến quầy số năm",
            "priority number two one zero one please come to counter five",
        ),
        (
            call("1015", "10", priority=True, resumed=True, times=3),
            "mời công dân có số một không một năm đến quầy trả kết quả số mười nhắc lại lần ba",
            "number one zero one five please collect your result at counter ten call three",
        ),
        (
            call("1025999", "99", times=100),  # nobody calls a hundred times, and yet
            "mời công dân có số một không hai năm chín chín chín đến quầy số chín mươi chín"
            " nhắc lại lần một không không",
            "number one zero two five nine nine nine please come to counter ninety nine"
            " call one zero zero",
        ),
    ],
)
def test_a_call_in_words(said: CallView, vietnamese: str, english: str) -> None:
    for bank, spoken in ((VI, vietnamese), (EN, english)):
        clips = phrase(said, bank.sentences, bank.numerals)
        assert " ".join(bank.clips[clip] for clip in clips) == spoken


def test_the_number_of_who_has_no_slip_in_words() -> None:
    for bank, spoken in (
        (VI, "số của ông bà là một không hai năm"),
        (EN, "your number is one zero two five"),
    ):
        clips = phrase(OwnNumber("1025"), bank.sentences, bank.numerals)
        assert " ".join(bank.clips[clip] for clip in clips) == spoken


@pytest.mark.parametrize(
    ("value", "vietnamese", "english"),
    [
        (1, "một", "one"),
        (5, "năm", "five"),
        (10, "mười", "ten"),
        (11, "mười một", "eleven"),
        (14, "mười bốn", "fourteen"),
        (15, "mười lăm", "fifteen"),
        (20, "hai mươi", "twenty"),
        (21, "hai mươi mốt", "twenty one"),
        (24, "hai mươi bốn", "twenty four"),
        (25, "hai mươi lăm", "twenty five"),
        (30, "ba mươi", "thirty"),
        (55, "năm mươi lăm", "fifty five"),
        (91, "chín mươi mốt", "ninety one"),
        (99, "chín mươi chín", "ninety nine"),
    ],
)
def test_numerals_as_people_say_them(value: int, vietnamese: str, english: str) -> None:
    assert [VI.clips[clip] for clip in numeral(value, "vietnamese")] == words(vietnamese)
    assert [EN.clips[clip] for clip in numeral(value, "english")] == words(english)


def test_no_two_counters_sound_alike() -> None:
    for numerals in ("digits", "vietnamese", "english"):
        assert len({numeral(value, numerals) for value in range(1, 100)}) == 99


def test_a_language_without_numerals_of_its_own_spells_them() -> None:
    sentences = Sentences(
        call=("come", "{counter}", "{number}"),  # its own order of words
        priority=("come", "{counter}", "{number}"),
        resume=("come", "{counter}", "{number}"),
    )
    said = phrase(call("1025", "12", times=2), sentences, "digits")
    assert said == ("come", "1", "2", "1", "0", "2", "5")
    assert clips_needed(sentences, "digits") == {*"0123456789", "come"}


@pytest.mark.parametrize("opening", [("come", "{number}"), ("{number}", "{number}", "{counter}")])
def test_a_sentence_that_would_leave_people_guessing_is_refused(opening: tuple[str, ...]) -> None:
    whole = ("{number}", "{counter}")
    with pytest.raises(ValueError, match="once"):
        Sentences(call=whole, priority=opening, resume=whole)


@pytest.mark.parametrize("own", [("you",), ("{number}", "{number}"), ("{number}", "{counter}")])
def test_a_number_is_told_once_and_without_a_counter(own: tuple[str, ...]) -> None:
    whole = ("{number}", "{counter}")
    with pytest.raises(ValueError, match="own says"):
        Sentences(call=whole, priority=whole, resume=whole, own=own)


def test_a_language_without_that_sentence_says_nothing_of_numbers() -> None:
    whole = ("{number}", "{counter}")
    sentences = Sentences(call=whole, priority=whole, resume=whole)
    assert phrase(OwnNumber("1025"), sentences, "digits") == ()


@pytest.mark.parametrize("bank", [VI, EN], ids=["vi", "en"])
def test_every_clip_of_a_shipped_bank_is_needed(bank: BankText) -> None:
    assert clips_needed(bank.sentences, bank.numerals) == bank.clips.keys()
