"""The values of a page's form, read from the page as a browser would read them."""

from html.parser import HTMLParser

from django.test import Client


class _Fields(HTMLParser):
    """Collects the fields of the forms of a page that are sent by POST."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._posting = False
        self._area = self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form":
            self._posting = (has.get("method") or "").lower() == "post" and "logout" not in (has.get("id") or "")
        if not self._posting:
            return
        name = has.get("name") or ""
        if tag == "input" and name and has.get("type") not in {"submit", "file", "button"}:
            if has.get("type") not in {"checkbox", "radio"} or "checked" in has:
                self.found.setdefault(name, []).append(has.get("value") or "on" * ("checked" in has))
        elif tag == "textarea":
            self._area = name
            self.found[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in has:
            self.found.setdefault(self._select, []).append(has.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._posting = False

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area][0] += data


def filled_in(client: Client, address: str) -> dict[str, list[str]]:
    """The form at an address as it is first shown, ready to be changed and sent."""
    reader = _Fields()
    reader.feed(client.get(address).content.decode())
    return {name: values for name, values in reader.found.items() if "__prefix__" not in name}
