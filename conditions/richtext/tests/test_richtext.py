import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conditions import richtext

EVASIONS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>link</a>",
    "<a href='jAvAsCrIpT&colon;alert(1)'>link</a>",
    "<a href='java\tscript:alert(1)'>link</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>link</a>",
    "<a href='vbscript:x'>link</a>",
    "<p onclick=alert(1)>text</p>",
    "<p style='background:url(javascript:alert(1))'>text</p>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='x.swf'></object><embed src='x.swf'>",
    "<form action='//evil.example'><input name=password><button>Go</button></form>",
    "<base href='//evil.example/'>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<!--<img src='--><img src=x onerror=alert(1)>'>",
    "<p><![CDATA[<script>alert(1)</script>]]></p>",
    "<details open ontoggle=alert(1)>text</details>",
    "<p>\x00<scr\x00ipt>alert(1)</scr\x00ipt></p>",
]


@pytest.mark.parametrize("html", EVASIONS)
def test_nothing_that_could_run_is_left(html):
    clean = richtext.sanitise(html)
    lower = clean.lower()
    assert not any(f"<{tag}" in lower for tag in ["script", "img", "svg", "iframe", "object", "embed", "form", "base"])
    assert not any(word in lower for word in ["onerror=", "onload=", "onclick=", "ontoggle=", "style=", "srcdoc"])
    assert 'href="java' not in lower
    assert 'href="data' not in lower
    assert 'href="vbscript' not in lower


def test_headings_lists_tables_and_links_stay():
    html = (
        '<h3>A</h3><h4>B</h4><p>C <a href="https://c.example/">d</a> <a href="/faqs/">e</a></p><ul><li>f</li></ul>'
        '<ol><li>g</li></ol><table><tbody><tr><th colspan="2">h</th></tr><tr><td>i</td><td>j</td></tr></tbody></table>'
    )
    assert richtext.sanitise(html) == html


@pytest.mark.parametrize("address", ["//evil.example", "/\\evil.example", "\\\\evil.example", " //evil.example"])
def test_a_link_that_only_looks_like_a_path_goes(address):
    assert richtext.sanitise(f'<p><a href="{address}">x</a></p>') == "<p><a>x</a></p>"


def test_other_markup_goes_and_its_words_stay():
    assert richtext.sanitise("<div><p>One <b>bold</b> <em>word</em></p></div>") == "<p>One bold word</p>"


def test_empty_paragraphs_go():
    assert richtext.sanitise("<p>One</p><p></p><p> &nbsp;</p><ul><li><p></p></li></ul>") == "<p>One</p><ul></ul>"


@given(st.text(alphabet=st.sampled_from(list("<>/=\"' abphi3sctrljv:;&#\x00\n")), max_size=200))
def test_cleaning_twice_is_the_same_as_once(html):
    once = richtext.sanitise(html)
    assert richtext.sanitise(once) == once


def test_a_line_has_no_control_characters_and_single_spaces():
    assert richtext.plain_line(" a\x00b\x0b \r\n c\u2028d\u0085e ") == "ab cde"


def test_lines_are_split_and_blank_ones_dropped():
    assert richtext.plain_lines("one\r\n\n  two \n\t\n") == ["one", "two"]


def test_visible_text_keeps_words_apart():
    assert richtext.plain_text("<h3>One</h3><p>two <a href='/x'>th</a>ree</p><ul><li>four &amp; five</li></ul>") == (
        "One two three four & five"
    )


def test_points_are_the_headings_or_else_the_items():
    assert richtext.points("<h3>Surgery</h3><p>Rare.</p><ul><li>x</li></ul>") == ["Surgery"]
    assert richtext.points("<p>Some are</p><ul><li>smoking;</li><li><p>being born early.</p></li></ul>") == [
        "smoking",
        "being born early",
    ]
    assert richtext.points("<p>Nothing listed.</p>") == []


@given(st.text())
def test_json_for_a_script_reads_back_and_cannot_end_the_script(text):
    written = richtext.safe_json({"text": text.encode("utf-8", "replace").decode()})
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == {"text": text.encode("utf-8", "replace").decode()}
