// Stars: the sheet that asks to confirm a payment, and the wallet with what was paid and what goes on.

import * as api from "./api.js";
import { $, icon, make } from "./dom.js";
import { alert, toast } from "./overlay.js";
import { dateAndTime, dayName, starCount, word } from "./words.js";

const TOP_UPS = [100, 500, 1000];
const view = { chat: null, now: () => new Date(), offer: null, payment: null, busy: false };

/** Draw what is open anew: the money of the person shown changed, or another person is shown. */
export function drawMoney(chat, now) {
  if (view.chat && view.chat.user.id !== chat.user.id) closeAll();
  Object.assign(view, { chat, now });
  $("stars-balance").textContent = starCount(chat.stars.balance);
  if ($("wallet").open) drawWallet();
  if ($("pay").open) drawSheet();
}

function closeAll() {
  $("pay").close();
  $("wallet").close();
}

const me = () => view.chat.user.id;

// ------------------------------------------------------------------ paying

/** Ask to pay `invoice` {title, description, amount, period}; `what` is how the control API knows it. */
export function offer(invoice, what, forwardedFrom = null) {
  Object.assign(view, { offer: { invoice, what, forwardedFrom }, payment: null, busy: false });
  drawSheet();
  if (!$("pay").open) $("pay").showModal();
  $("pay-confirm").focus();
}

/** An invoice in the chat; after it was paid, its receipt. */
export function payMessage(message) {
  const receipt = receiptOf(message);
  if (receipt) showReceipt(receipt);
  else offer(termsOf(message.invoice), { message_id: message.message_id });
}

/** What is behind an invoice link. */
export async function payLink(key) {
  try {
    offer(await api.invoice(key), { link: key });
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    toast(word("noInvoice"));
  }
}

export const termsOf = (invoice) => ({ ...invoice, amount: invoice.total_amount, period: 0 });

/** The charge for an invoice of this chat, or null while it is not paid. */
export function receiptOf(message) {
  const { payments, charges } = view.chat.stars;
  const key = `${me()}/${message.message_id}`;
  const paid = payments.find((payment) => payment.invoice === key && payment.state === "paid");
  return paid ? charges.find((charge) => charge.id === paid.charge_id) : null;
}

function showReceipt(charge) {
  const state = charge.refunded ? [word("refunded")] : [];
  const lines = [charge.title, starCount(charge.amount), ...state, moment(charge.at), charge.id];
  alert(word("receipt"), lines.join("\n"));
}

async function confirm() {
  view.busy = true;
  view.payment = null;
  drawSheet();
  try {
    view.payment = await api.pay(me(), view.offer.what);
  } catch (error) {
    if (!(error instanceof api.Refused)) throw error;
    console.warn(error.message);
    toast(word("failed"));
  } finally {
    view.busy = false;
  }
  drawSheet();
}

/** What the bot made of the payment so far; the chat knows more than the answer to the press on Pay. */
function payment() {
  if (!view.payment) return null;
  return view.chat.stars.payments.find(({ id }) => id === view.payment.id) || view.payment;
}

function drawSheet() {
  const { invoice, forwardedFrom } = view.offer;
  const now = payment();
  if (now && now.state === "paid") return paid(invoice);
  const state = view.busy ? "waiting" : now ? now.state : "asked";
  const missing = state === "waiting" ? 0 : invoice.amount - view.chat.stars.balance;
  $("pay").dataset.state = missing > 0 ? "short" : state;
  $("pay-balance").textContent = starCount(view.chat.stars.balance);
  $("pay-title").textContent = invoice.title;
  $("pay-text").textContent = invoice.description;
  $("pay-terms").textContent = invoice.period ? word("everyMonth") : "";
  $("pay-terms").hidden = !invoice.period;
  $("pay-from").textContent = forwardedFrom ? `${word("forwardedFrom")} ${forwardedFrom}` : "";
  $("pay-from").hidden = !forwardedFrom;
  drawOutcome(now, missing);
  drawConfirm(state, missing, invoice.amount);
}

function drawOutcome(now, missing) {
  const said = { refused: now && now.error, expired: word("tooLate"), failed: word("starsGone") };
  const error = now && said[now.state];
  $("pay-error").textContent = error || "";
  $("pay-error").hidden = !error;
  $("pay-short").hidden = missing <= 0;
  $("pay-missing").textContent = missing > 0 ? `${word("missing")} ${starCount(missing)}` : "";
  $("pay-top-up").replaceChildren(...topUps());
}

function drawConfirm(state, missing, amount) {
  const waits = state === "waiting";
  $("pay-confirm").hidden = missing > 0;
  $("pay-confirm").disabled = waits;
  $("pay-confirm").setAttribute("aria-busy", String(waits));
  const again = state !== "asked" && !waits;
  $("pay-confirm").textContent = waits ? `⏳ ${word("waitsForBot")}` : again ? word("payAgain") : payWord(amount);
}

export const payWord = (amount) => `${word("pay")} ${starCount(amount)}`;

function paid(invoice) {
  view.payment = null;
  $("pay").close();
  toast(`${word("paid")} ${starCount(invoice.amount)}`);
}

// ------------------------------------------------------------------ the wallet

export function openWallet() {
  drawWallet();
  $("wallet").showModal();
}

function drawWallet() {
  const { balance, charges, subscriptions } = view.chat.stars;
  $("wallet-balance").textContent = starCount(balance);
  $("wallet-top-up").replaceChildren(...topUps());
  $("wallet-subscriptions").replaceChildren(...subscriptions.map(subscription));
  $("wallet-subscriptions").parentElement.hidden = !subscriptions.length;
  const back = charges.filter((charge) => charge.refunded).map((charge) => ({ ...charge, at: charge.refunded, back: true }));
  const moves = [...charges, ...back].reverse().sort((a, b) => b.at - a.at);
  $("wallet-moves").replaceChildren(...moves.map(move));
  $("wallet-moves").parentElement.hidden = !moves.length;
}

function topUps() {
  return TOP_UPS.map((stars) =>
    make("button.chip", { type: "button", testid: "top-up", "data-stars": stars, onclick: () => api.topUp(me(), stars) }, `+${starCount(stars)}`),
  );
}

function move(charge) {
  const sign = charge.back ? "+" : "−";
  const what = (charge.back ? `${word("refund")} · ` : "") + moment(charge.at);
  return make(
    "li.move",
    { testid: "star-move", "data-charge": charge.id, "data-back": charge.back },
    make("span.move-text", {}, make("b", {}, charge.title), make("i", {}, what)),
    make(`span.move-sum${charge.back ? ".returned" : ""}`, {}, `${sign}${starCount(charge.amount)}`),
  );
}

function subscription(one) {
  const change = (name) => async () => {
    try {
      await api.changeSubscription(me(), one.id, name);
    } catch (error) {
      if (!(error instanceof api.Refused)) throw error;
      console.warn(error.message);
      toast(word("failed"));
    }
  };
  const act = (name) =>
    make("button.chip", { type: "button", testid: `subscription-${name}`, onclick: change(name) }, word(`subscription_${name}`));
  const state = one.canceled ? "canceled" : one.failed ? "failed" : "active";
  const acts = one.canceled ? (one.bot_canceled ? [] : ["resume"]) : ["renew", "cancel"];
  const about = `${starCount(one.amount)} ${word("aMonth")} · ${word(`until_${state}`)} ${dayName(one.until, view.now)}`;
  return make(
    "li.subscription",
    { testid: "subscription", "data-state": state },
    make("span.move-text", {}, make("b", {}, one.title), make("i", {}, about)),
    make("span.acts", {}, ...acts.map(act)),
  );
}

const moment = (seconds) => dateAndTime(new Date(seconds * 1000));

// ------------------------------------------------------------------ in the chat

/** What an invoice looks like inside its bubble. */
export function invoiceBody(message) {
  const { title, description, total_amount: amount } = message.invoice;
  return make(
    "div.invoice",
    { testid: "invoice" },
    make("b", { dir: "auto" }, title),
    make("p", { dir: "auto" }, description),
    make("span.price", {}, icon("star"), `${amount.toLocaleString()} · ${word("invoice")}`),
  );
}

/** The line between the messages that says what was paid or came back. */
export function serviceLine(message, bot) {
  const { total_amount: amount, telegram_payment_charge_id: id } = message.paid || message.refunded;
  const title = message.chargeTitle;
  const saying = message.refunded ? "youGotBack" : message.paid.is_recurring && !message.paid.is_first_recurring ? "youRenewed" : "youPaid";
  const text = word(saying)(starCount(amount), bot.name, title);
  const kind = message.refunded ? "refunded-payment" : "successful-payment";
  return make("div.service", { testid: kind, "data-charge": id }, make("span", {}, text));
}

export function listenStars() {
  $("pay-confirm").addEventListener("click", confirm);
}
