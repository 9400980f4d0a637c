"""What an operator should change on a panel: ids of texts, `note-<id>`."""

from enum import StrEnum


class Note(StrEnum):
    PASSWORD_LOGIN = "password-login"
    PLAIN_HTTP = "plain-http"
    CLOCK_SKEW = "clock-skew"
    PANEL_JUST_STARTED = "panel-just-started"
    PANEL_OUTDATED = "panel-outdated"
    CORE_NOT_RUNNING = "core-not-running"
    INBOUND_UNREADABLE = "inbound-unreadable"
    INBOUND_ON_NODE = "inbound-on-node"
    INBOUND_NETWORK_RAW = "inbound-network-raw"
    INBOUND_WITHOUT_VISION = "inbound-without-vision"
    INBOUND_INCOMPLETE = "inbound-incomplete"
    INBOUND_ADDRESS_MISSING = "inbound-address-missing"
    MIN_CLIENT_VERSION_MISSING = "min-client-version-missing"
    NO_INBOUND_TO_SELL = "no-inbound-to-sell"
