import pytest

from service.domain.keywords import intent


@pytest.mark.parametrize(
    "body",
    [
        *(
            "STOP",
            "stop",
            " Stop. ",
            "ＳＴＯＰ",
            "“stop”",
            "STOPALL",
            "opt-out",
            "Opt Out",
        ),
        *("UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE"),
        *(
            "TD",
            "td",
            "退订",
            "退订。",
            "TD退订",
            "退订TD",
            "【退订】",
            "取消",
            "停止",
            "拒收",
        ),
    ],
)
def test_a_whole_body_that_says_stop_stops(body: str) -> None:
    assert intent(body, single_letters=False) == "stop"


@pytest.mark.parametrize("body", ["START", "yes!", "UNSTOP", "恢复", "开启"])
def test_a_whole_body_that_says_start_starts_again(body: str) -> None:
    assert intent(body, single_letters=False) == "start"


@pytest.mark.parametrize(
    "body", ["Stop please", "我要退订吗", "stop it", "", " ", "🙂", "INFO", "不取消"]
)
def test_anything_more_than_the_word_is_no_wish(body: str) -> None:
    assert intent(body, single_letters=True) is None


@pytest.mark.parametrize("body", ["T", "n", "Ｒ", " r。"])
def test_single_letters_count_only_where_they_were_offered(body: str) -> None:
    assert intent(body, single_letters=True) == "stop"
    assert intent(body, single_letters=False) is None
