"""The Go types of the request bodies, as far as their errors and their zero values show."""

from sandbox.xui.gojson import FLAG, RAW, TEXT, WHOLE_INT, WHOLE_INT64, ListOf, Struct

TEXTS = ListOf(TEXT, "[]string")
WHOLE_INTS = ListOf(WHOLE_INT, "[]int")

CLIENT = Struct(
    "Client",
    {
        "id": TEXT,
        "security": TEXT,
        "password": TEXT,
        "flow": TEXT,
        "reverse": RAW,
        "auth": TEXT,
        "privateKey": TEXT,
        "publicKey": TEXT,
        "allowedIPs": TEXT,
        "preSharedKey": TEXT,
        "keepAlive": WHOLE_INT,
        "secret": TEXT,
        "adTag": TEXT,
        "email": TEXT,
        "limitIp": WHOLE_INT,
        "totalGB": WHOLE_INT64,
        "expiryTime": WHOLE_INT64,
        "enable": FLAG,
        "tgId": WHOLE_INT64,
        "subId": TEXT,
        "group": TEXT,
        "comment": TEXT,
        "reset": WHOLE_INT,
        "created_at": WHOLE_INT64,
        "updated_at": WHOLE_INT64,
    },
    go="model.Client",
)
CREATE_CLIENT = Struct(
    "ClientCreatePayload", {"client": CLIENT, "inboundIds": WHOLE_INTS}, go="service.ClientCreatePayload"
)
CREATE_CLIENTS = ListOf(CREATE_CLIENT, "[]service.ClientCreatePayload")
INBOUND_IDS = Struct("attachDetachBody", {"inboundIds": WHOLE_INTS}, go="controller.attachDetachBody")
EMAILS = Struct("bulkRequest", {"emails": TEXTS}, go="controller.bulkRequest")
BULK_DELETE = Struct("bulkDeleteRequest", {"emails": TEXTS, "keepTraffic": FLAG}, go="controller.bulkDeleteRequest")
BULK_ADJUST = Struct(
    "bulkAdjustRequest",
    {"emails": TEXTS, "addDays": WHOLE_INT, "addBytes": WHOLE_INT64, "flow": TEXT},
    go="controller.bulkAdjustRequest",
)
BULK_ATTACH = Struct(
    "bulkAttachRequest", {"emails": TEXTS, "inboundIds": WHOLE_INTS}, go="controller.bulkAttachRequest"
)
COUNTERS = Struct(
    "trafficUpdateRequest", {"upload": WHOLE_INT64, "download": WHOLE_INT64}, go="controller.trafficUpdateRequest"
)
ENABLE = Struct("form", {"enable": FLAG}, go="controller.form")
IDS = Struct("bulkDelInboundsRequest", {"ids": WHOLE_INTS}, go="controller.bulkDelInboundsRequest")
NEW_TOKEN = Struct("apiTokenCreateForm", {"name": TEXT}, go="controller.apiTokenCreateForm")
TOKEN_SWITCH = Struct("apiTokenEnabledForm", {"enabled": FLAG}, go="controller.apiTokenEnabledForm")
LOGIN = Struct("LoginForm", {"username": TEXT, "password": TEXT, "twoFactorCode": TEXT}, go="controller.LoginForm")
NEW_CREDENTIALS = Struct(
    "updateUserForm",
    {"oldUsername": TEXT, "oldPassword": TEXT, "newUsername": TEXT, "newPassword": TEXT},
    go="controller.updateUserForm",
)
