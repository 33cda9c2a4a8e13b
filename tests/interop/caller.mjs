// A contact centre's own caller, in Node: the contract from a descriptor set, errors from their details.
//
//     node caller.mjs HOST:PORT DESCRIPTOR_SET SERVICE_CONFIG
//
// Opens a ticket, repeats the opening, is refused a change, lists, watches while it acknowledges, promises a call, offers
// a credit, reads the handover. Writes what it was told to standard output, as one JSON object.

import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [address, descriptorSet, serviceConfig] = process.argv.slice(2);
const definition = loader.loadFileDescriptorSetFromBuffer(readFileSync(descriptorSet), {
  keepCase: true,
  longs: String,
  enums: String,
});
const { TicketService } = grpc.loadPackageDefinition(definition).followthrough.v1;
const tickets = new TicketService(address, grpc.credentials.createInsecure(), {
  "grpc.service_config": readFileSync(serviceConfig, "utf8"),
});

const DEADLINE_MS = 60_000;
const who = { caller: "crm-node", actor: "nora" };

function ask(method, request) {
  const call = promisify(tickets[method]).bind(tickets);
  return call(request, new grpc.Metadata(), { deadline: Date.now() + DEADLINE_MS });
}

function change(method, request) {
  return ask(method, { ...who, request_id: randomUUID(), ...request });
}

// What is in grpc-status-details-bin: a google.rpc.Status whose details are each of a kind of their own.
function refusal(error) {
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const status = definition["google.rpc.Status"].deserialize(bytes);
  const details = status.details.map(({ type_url, value }) => {
    const kind = type_url.split("/").pop();
    const detail = definition[kind].deserialize(value);
    // Out of a descriptor set, a map comes as its entries.
    if (detail.metadata) detail.metadata = Object.fromEntries(detail.metadata.map(({ key, value }) => [key, value]));
    return { kind, ...detail };
  });
  return { code: grpc.status[error.code], text: error.details, status_text: status.message, details };
}

async function refused(method, request) {
  try {
    await change(method, request);
  } catch (error) {
    return refusal(error);
  }
  throw new Error(`${method} was not refused`);
}

// Reads a watch until an event of that kind, then lets it go; `begun` is called once the first events are there.
function watch(ticket_id, kind, begun) {
  return new Promise((resolve, reject) => {
    const events = [];
    const stream = tickets.WatchTicket({ ticket_id }, { deadline: Date.now() + DEADLINE_MS });
    stream.on("data", (answer) => {
      if (events.length === 0) begun().catch(reject);
      events.push(...answer.events);
      if (events.some((event) => kind in event)) {
        stream.cancel();
        resolve(events);
      }
    });
    stream.on("error", (error) => {
      if (error.code !== grpc.status.CANCELLED) reject(error);
    });
    stream.on("end", () => reject(new Error("the watch ended by itself")));
  });
}

const opening = {
  ...who,
  request_id: randomUUID(),
  queue: "home",
  priority: "urgent",
  customer: { external_id: "C-7", display_name: "Zoë Müller 明", language: "de-DE", zone: "Europe/Berlin" },
  subject: "Keine Verbindung",
  channel: "phone",
};
const opened = await ask("OpenTicket", opening);
const repeated = await ask("OpenTicket", opening);
const reused = await refused("OpenTicket", { ...opening, subject: "Something else" });
const invalid = await refused("OpenTicket", { queue: "home", priority: "urgent" });
const { ticket_id } = opened;
const mistaken = await refused("EscalateTicket", { ticket_id, from_tier: "specialist", reason: "line test" });
const listed = await ask("ListTickets", { customer_external_id: "C-7", order_by: "deadline_time" });
let acknowledged;
const events = await watch(ticket_id, "acknowledged", async () => {
  acknowledged = await change("AcknowledgeTicket", { ticket_id, handler: "nora", tier: "agent" });
});
const call_back = { ticket_id, kind: "PROMISE_KIND_CALL_BACK", name: "Rückruf", words: "Wir rufen Sie an." };
const past = await refused("MakePromise", { ...call_back, promise_time: { seconds: "1600000000" } });
const promised = await change("MakePromise", { ...call_back, promise_time: { seconds: "1795449600", nanos: 250000000 } });
const credited = await change("OfferCredit", { ticket_id, minor: "500", currency: "EUR", reason: "two visits" });
const handover = await ask("GetHandover", { ticket_id });
const { ledgers } = await ask("ExplainDeadlines", { ticket_id, target: "TARGET_RESOLVE" });
const read = await ask("GetTicket", { ticket_id });
tickets.close();

const asked = { opened, repeated, reused, invalid, mistaken, listed, acknowledged, past, promised, credited };
console.log(JSON.stringify({ ...asked, handover, events, ledgers, read }));
