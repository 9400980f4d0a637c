# The audit of the books: what must always be true (audit-<rule>), the operator's message, vpn-service audit.

audit-one-effect = A payment that succeeded gave days exactly once, any other never
audit-paid-effect = Days were given only for payments that are in the books
audit-promised-effect = As many days were given, and to that subscription, as the order promised
audit-paid-until = A subscription lasts exactly as long as what was given to it adds up to
audit-refunded-within = No more went back than was paid
audit-refunded-sum = What has gone back of a payment is the sum of its refunds
audit-days-taken = A refund took as many days as its share of the money
audit-refund-of-taken = Days were taken only for refunds that were made
audit-one-row = One payment at the provider is one payment of ours
audit-one-object = The provider has one payment for one attempt
audit-one-charge = One period of automatic renewal was charged once
audit-charge-order = Automatic charges are for orders of renewals
audit-logged-decision = What an operator let count is in the log of operators
audit-as-asked = What was paid is what the order asked for, by its buyer
audit-allowed-charge = Automatic charges stay within what the buyer allowed
audit-key-version = No key is ahead of its subscription
audit-key-identity = A key that is up to date has the UUID of its subscription
audit-stale-key = No panel that keys wait for fails for a whole day
audit-stale-event = What a provider says is checked within a day
audit-announced-once = The buyer was told of a payment that succeeded exactly once

operator-audit-failed =
    🔴 <b>The books are wrong</b>
    It should be like this: { $rule }.
    It is: { $details }
operator-audit-more = and { $count } more
operator-audit-held =
    { $provider }: new payments are stopped, those under way go on to their end.

    What to do about this rule is said in docs/operations.md, "The books". When the cause is mended, sell again: <code>vpn-service audit --release { $name }</code>
operator-audit-look = What to do about this rule is said in docs/operations.md, "The books". More: <code>vpn-service audit</code>

cli-audit-title = The books
cli-audit-well = Everything adds up.
cli-audit-ill = { $count ->
    [one] { $count } entry does not add up.
   *[other] { $count } entries do not add up.
}
cli-audit-held = { $provider }: new payments are stopped. When the cause is mended: vpn-service audit --release { $provider }
cli-audit-not-released = { $provider }: the books do not add up yet, so it stays stopped. To sell all the same, add --force.
cli-audit-not-held = { $provider }: the audit has not stopped it.
cli-audit-released = { $provider }: new payments are taken again.
cli-audit-forced = What does not add up now stops nothing any more, but stays in this list until it is mended. Anything new stops payments again.
