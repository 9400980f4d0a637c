"""Routes for logging in and for API tokens and credentials."""

from typing import Any

from starlette.responses import Response

from sandbox.store import Document
from sandbox.xui import auth
from sandbox.xui.answers import PARAMETERS_CHANGED, GoJSONResponse, Refused, envelope, new_error
from sandbox.xui.gojson import zero
from sandbox.xui.routing import Call, Endpoint
from sandbox.xui.schemas import LOGIN, NEW_CREDENTIALS, NEW_TOKEN, TOKEN_SWITCH
from sandbox.xui.state import State

LOGGED_IN = "You have successfully logged into your account."
WRONG_LOGIN = "Invalid username or password or two-factor code."
CREDENTIALS_CHANGED = "You have successfully changed the credentials of the administrator."
CREDENTIALS_REFUSED = "An error occurred while changing administrator credentials."


def csrf_token(state: State, call: Call) -> Response:
    if call.session is None:
        call.session = auth.new_session(state)
        call.cookie = auth.set_cookie(state, call.session, call.root)
    return GoJSONResponse({"obj": call.session.csrf, "success": True})


def login(state: State, call: Call) -> Response:
    """Every failure is HTTP 200; a blocked caller cannot tell it from a wrong password."""
    assert call.session is not None  # the CSRF check found one
    try:
        form: dict[str, str] = {**zero(LOGIN), **call.form} if call.form else call.read(LOGIN)
    except Refused:
        return envelope(False, "The input data format is invalid.")
    for name in ("username", "password"):
        if not form[name]:
            return envelope(False, f"{name.capitalize()} is required")
    client = call.request.client
    if not auth.check_login(state, client.host if client else "", form):
        return envelope(False, WRONG_LOGIN)
    call.session.user = True
    call.session.epoch = state.settings.login_epoch
    call.cookie = auth.set_cookie(state, call.session, call.root)
    return envelope(True, LOGGED_IN)


def logout(state: State, call: Call) -> Response:
    call.cookie = auth.drop_cookie()
    return GoJSONResponse({"success": True})


def two_factor_is_on(state: State, call: Call) -> bool:
    return bool(state.settings.two_factor_secret)


def list_tokens(state: State, call: Call) -> list[Document]:
    return [_shown(row) for row in state.tokens]


def create_token(state: State, call: Call) -> Document:
    row, text = auth.create_token(state, call.read(NEW_TOKEN)["name"])
    shown = _shown(row)
    return {"id": shown.pop("id"), "name": shown.pop("name"), "token": text, **shown}


def delete_token(state: State, call: Call) -> None:
    state.tokens.delete(str(auth.token_row(state, call.number("id"))["id"]))


def switch_token(state: State, call: Call) -> None:
    token_id, enabled = call.number("id"), call.read(TOKEN_SWITCH)["enabled"]
    state.tokens.put(str(token_id), auth.token_row(state, token_id) | {"enabled": enabled})


def change_credentials(state: State, call: Call) -> Any:
    """Every session is dead after it, the caller's too; tokens live on."""
    form = call.read(NEW_CREDENTIALS)
    if (form["oldUsername"], form["oldPassword"]) != (state.settings.username, state.settings.password):
        raise new_error("the original user name or original password is incorrect")
    if not form["newUsername"] or not form["newPassword"]:
        raise new_error("the new user name and the new password must not be empty")
    state.change_settings(username=form["newUsername"], password=form["newPassword"])
    if call.session:
        call.cookie = auth.set_cookie(state, call.session, call.root)


def _shown(row: Document) -> Document:
    return {name: row[name] for name in ("id", "name", "enabled", "createdAt")}


API = "panel/api/setting/"

ENDPOINTS = (
    Endpoint("GET", "csrf-token", csrf_token),
    Endpoint("POST", "login", login),
    Endpoint("POST", "logout", logout),
    Endpoint("POST", "getTwoFactorEnable", two_factor_is_on),
    Endpoint("GET", API + "apiTokens", list_tokens),
    Endpoint("POST", API + "apiTokens/create", create_token, failed=PARAMETERS_CHANGED),
    Endpoint("POST", API + "apiTokens/delete/{id}", delete_token, PARAMETERS_CHANGED, PARAMETERS_CHANGED),
    Endpoint("POST", API + "apiTokens/setEnabled/{id}", switch_token, PARAMETERS_CHANGED, PARAMETERS_CHANGED),
    Endpoint("POST", API + "updateUser", change_credentials, CREDENTIALS_CHANGED, CREDENTIALS_REFUSED),
)
