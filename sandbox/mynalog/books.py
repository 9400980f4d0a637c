"""Who may sign in, for how long, and what income there is."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from sandbox.clock import Clock
from sandbox.store import Document, Store

TOKEN_LIVES = timedelta(hours=1)
YEARLY_LIMIT = Decimal(2_400_000)  # roubles a self-employed person may earn (422-FZ, article 4)
COMMENTS = ("Возврат средств", "Чек сформирован ошибочно")
LONGEST_NAME = 256


class Refused(Exception):
    """The service says no. `status` is HTTP's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class Person:
    """A self-employed person, by tax number."""

    inn: str
    password: str


class Sessions:
    """Tokens of signed-in devices."""

    def __init__(self, clock: Clock, store: Store, person: Person) -> None:
        self._clock, self._person = clock, person
        self._tokens = store.collection("tokens")
        self._refreshes = store.collection("refreshes")

    def sign_in(self, body: Document) -> Document:
        """POST /auth/lkfl."""
        if not _is_device(body.get("deviceInfo")):
            raise Refused(400, "validation.failed", "deviceInfo")
        if (body.get("username"), body.get("password")) != (self._person.inn, self._person.password):
            raise Refused(422, "authentication.failed", "Неверный ИНН или пароль")
        return self._open()

    def refresh(self, body: Document) -> Document:
        """POST /auth/token: a refresh token serves once."""
        token = str(body.get("refreshToken"))
        if token not in self._refreshes or not _is_device(body.get("deviceInfo")):
            raise Refused(401, "unauthorized", "Требуется вход")
        self._refreshes.delete(token)
        return self._open()

    def check(self, header: str | None) -> None:
        """Raises Refused: nobody is signed in by this header."""
        known = self._tokens.get((header or "").removeprefix("Bearer "))
        if known is None or datetime.fromisoformat(known["until"]) <= self._clock.now():
            raise Refused(401, "unauthorized", "Требуется вход")

    def forget(self, *, refreshes: bool) -> None:
        """End every session; with `refreshes` the password is needed again."""
        self._tokens.clear()
        if refreshes:
            self._refreshes.clear()

    def _open(self) -> Document:
        token, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        until = self._clock.now() + TOKEN_LIVES
        self._tokens.put(token, {"until": until.isoformat()})
        self._refreshes.put(refresh, {})
        return {
            "token": token,
            "tokenExpireIn": until.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "refreshToken": refresh,
            "refreshTokenExpiresIn": None,
            "profile": {"inn": self._person.inn, "displayName": "Иванов Иван", "status": "ACTIVE"},
        }


def _is_device(info: object) -> bool:
    if not isinstance(info, dict) or not isinstance(info.get("metaDetails"), dict):
        return False
    return all(
        isinstance(info.get(name), str) and info[name] for name in ("sourceDeviceId", "sourceType", "appVersion")
    )


class Books:
    """Income, as it was entered and annulled."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._entries = store.collection("entries")
        self.limit = YEARLY_LIMIT
        self.left_out: frozenset[str] = frozenset()  # of what GET /incomes answers: of the page, and of its lines

    def newest_first(self) -> list[Document]:
        return sorted(self._entries, key=lambda entry: str(entry["registerTime"]), reverse=True)

    def get(self, uuid: str) -> Document:
        """Raises KeyError."""
        found = self._entries.get(uuid)
        if found is None:
            raise KeyError(uuid)
        return found

    def enter(self, body: Document) -> Document:
        """POST /income. The same body twice is income twice."""
        total, at = _sum(body), self._moment(body.get("operationTime"))
        if body.get("paymentType") not in ("CASH", "ACCOUNT", "WIRE"):
            raise Refused(400, "validation.failed", "paymentType")
        earned = sum((Decimal(str(e["totalAmount"])) for e in self._standing(at.year)), start=Decimal(0))
        if not body.get("ignoreMaxTotalIncomeRestriction") and earned + total > self.limit:
            raise Refused(422, "income.limit.exceeded", "Превышен годовой предел дохода")
        uuid = secrets.token_hex(5)
        first = body["services"][0]
        return self._entries.put(
            uuid,
            {
                "approvedReceiptUuid": uuid,
                "name": first["name"],
                "services": [
                    {
                        "name": line["name"],
                        "quantity": line.get("quantity", 1),
                        "serviceNumber": number,
                        "amount": float(str(line["amount"])),
                    }
                    for number, line in enumerate(body["services"])
                ],
                "operationTime": at.isoformat(timespec="seconds"),
                "requestTime": body.get("requestTime"),
                "registerTime": self._clock.now().isoformat(timespec="microseconds"),
                "taxPeriodId": at.year * 100 + at.month,
                "paymentType": body["paymentType"],
                "incomeType": (body.get("client") or {}).get("incomeType", "FROM_INDIVIDUAL"),
                "totalAmount": float(total),
                "cancellationInfo": None,
                "sourceDeviceId": None,
            },
        )

    def annul(self, body: Document) -> Document:
        """POST /cancel."""
        if body.get("comment") not in COMMENTS:
            raise Refused(400, "validation.failed", "comment")
        entry = self._entries.get(str(body.get("receiptUuid")))
        if entry is None:
            raise Refused(404, "receipt.not.found", "Чек не найден")
        if entry["cancellationInfo"] is not None:
            raise Refused(422, "receipt.already.cancelled", "Чек уже аннулирован")
        entry["cancellationInfo"] = {
            "operationTime": self._moment(body.get("operationTime")).isoformat(timespec="seconds"),
            "registerTime": self._clock.now().isoformat(timespec="seconds"),
            "taxPeriodId": entry["taxPeriodId"],
            "comment": body["comment"],
        }
        return self._entries.put(entry["approvedReceiptUuid"], entry)

    def page(self, since: datetime, until: datetime, offset: int, limit: int) -> Document:
        """GET /incomes, newest income first."""
        found = [e for e in self._entries if since <= datetime.fromisoformat(e["operationTime"]) <= until]
        found.sort(key=lambda entry: str(entry["operationTime"]), reverse=True)
        page = {
            "content": [self._told(entry) for entry in found[offset : offset + limit]],
            "hasMore": len(found) > offset + limit,
            "currentOffset": offset,
            "currentLimit": limit,
        }
        return self._told(page)

    def _told(self, document: Document) -> Document:
        return {name: value for name, value in document.items() if name not in self.left_out}

    def _standing(self, year: int) -> list[Document]:
        return [e for e in self._entries if e["cancellationInfo"] is None and e["taxPeriodId"] // 100 == year]

    def _moment(self, written: object) -> datetime:
        try:
            at = datetime.fromisoformat(str(written))
        except ValueError:
            raise Refused(400, "validation.failed", "operationTime") from None
        if at.tzinfo is None or at > self._clock.now() + timedelta(minutes=1):
            raise Refused(422, "operation.time.invalid", "Дата операции в будущем")
        return at


def _sum(body: Document) -> Decimal:
    """The total, which the lines make up exactly."""
    lines = body.get("services")
    if not isinstance(lines, list) or not lines or not all(isinstance(line, dict) for line in lines):
        raise Refused(400, "validation.failed", "services")
    if not all(isinstance(line.get("name"), str) and 0 < len(line["name"]) <= LONGEST_NAME for line in lines):
        raise Refused(400, "validation.failed", "services.name")
    total = _amount(body.get("totalAmount"))
    if sum(_amount(line.get("amount")) * _amount(line.get("quantity", 1)) for line in lines) != total:
        raise Refused(400, "validation.failed", "totalAmount")
    return total


def _amount(written: object) -> Decimal:
    try:
        amount = Decimal(str(written))
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(Decimal("0.01")):
        raise Refused(400, "validation.failed", "amount")
    return amount
