"""What a person sees: one receipt as its link shows it, and all of them."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from sandbox.mynalog.books import Books, Person
from sandbox.store import Document

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


class Pages:
    def __init__(self, person: Person, books: Books) -> None:
        self._person, self._books = person, books

    def routes(self) -> list[Route]:
        return [
            Route("/", self._list),
            Route("/api/v1/receipt/{inn}/{uuid}/print", self._print),
            Route("/api/v1/receipt/{inn}/{uuid}/json", self._json),
        ]

    async def _list(self, request: Request) -> Response:
        return _page("list.html", entries=self._books.newest_first(), inn=self._person.inn)

    async def _print(self, request: Request) -> Response:
        entry = self._find(request)
        if entry is None:
            return _page("unknown.html", status=404)
        return _page("receipt.html", entry=entry, inn=self._person.inn)

    async def _json(self, request: Request) -> Response:
        entry = self._find(request)
        if entry is None:
            return JSONResponse({"code": "receipt.not.found", "message": "Чек не найден"}, 404)
        return JSONResponse({**entry, "receiptId": entry["approvedReceiptUuid"], "inn": self._person.inn})

    def _find(self, request: Request) -> Document | None:
        if request.path_params["inn"] != self._person.inn:
            return None
        try:
            return self._books.get(request.path_params["uuid"])
        except KeyError:
            return None


def _page(template: str, status: int = 200, **values: object) -> Response:
    return HTMLResponse(_templates.get_template(template).render(values), status)
