"""«Мой налог»: the income of a self-employed person (NPD), registered at the Federal Tax Service.

The service publishes no description for shops. Facts here are of what its own web application calls, as several
public clients have it: https://github.com/alexstep/moy-nalog, https://github.com/shoman4eg/moy-nalog,
https://pypi.org/project/nalogo/, https://pypi.org/project/nalogovich/. They agree on these:

- base https://lknpd.nalog.ru/api/v1; `POST /auth/lkfl` with tax number and password of the taxpayer's account gives a
  token for an hour and a refresh token, `POST /auth/token` a new token; every other call has `Authorization: Bearer`;
- `POST /income` gives `approvedReceiptUuid`, `POST /cancel` annuls it, `GET /incomes` lists page by page;
- a receipt is seen at `/receipt/<tax number>/<uuid>/print` without signing in;
- there is no idempotency: the same income sent twice is registered twice.
"""

from backend.receipts.registrars.mynalog.config import Config
from backend.receipts.registrars.mynalog.driver import MyNalog

__all__ = ["Config", "MyNalog"]
