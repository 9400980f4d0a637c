"""HTTP with one 3X-UI panel."""

import ssl
from collections.abc import Mapping

from pydantic import JsonValue

from backend.kit.http import Answer, Http, NoAnswer
from backend.vpn.panels.base import PanelAccess, PanelNotRecognized

READ_SECONDS = 30.0  # the panel gives up on an answer of its own after 30 s
NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})  # OpenSSL, when words come instead of TLS


class Connection:
    """Where a panel is. Routes are relative to its base path; `label` stands for them in logs and errors."""

    def __init__(self, access: PanelAccess) -> None:
        self.url = access.url.rstrip("/") + "/"
        self._http = Http(
            "3x-ui",
            read_seconds=READ_SECONDS,
            # Without the first, a wrong token is answered 404 like a wrong address. No Accept-Language: the
            # panel then writes its messages in English.
            headers={"X-Requested-With": "XMLHttpRequest", "Accept": "application/json"},
            verify=access.verify_tls,
        )

    async def send(
        self,
        method: str,
        route: str,
        *,
        label: str,
        headers: Mapping[str, str],
        body: Mapping[str, JsonValue] | None = None,
    ) -> Answer:
        """One request and its whole answer, whatever its status.

        Raises:
            NoAnswer: it may have had an effect.
            PanelNotRecognized: TLS is not spoken there, or with a certificate that nobody vouches for.
        """
        try:
            return await self._http.send(method, self.url + route, label=label, headers=headers, json=body)
        except NoAnswer as error:
            reason = tls_fault(error)
            if reason is None:
                raise
            raise PanelNotRecognized(request=label, reason=reason) from error

    async def aclose(self) -> None:
        await self._http.aclose()


def tls_fault(error: BaseException) -> str | None:
    """What an operator must mend before TLS with this address can work; None: it failed for another reason."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not trusted ({cause.verify_message.rstrip('.')}): give the panel a valid one, "
                "or switch the check off for this server if the certificate is self-signed"
                " (X3UI_VERIFY_TLS=false, or server add --no-verify-tls)"
            )
        if isinstance(cause, ssl.SSLError) and cause.reason in NOT_TLS:
            return "plain http is spoken at this port: begin the panel's address with http://"
        cause = cause.__cause__ or cause.__context__
    return None
