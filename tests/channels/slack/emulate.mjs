// A Slack Web API on loopback. Each line on standard input gives it a fresh workspace; each answer is one line.
import { createInterface } from "node:readline";
import { createEmulator } from "emulate";

const seed = JSON.parse(process.argv[2]);
const slack = await createEmulator({ service: "slack", port: Number(process.argv[3]), seed: { slack: seed } });
console.log(slack.url);
for await (const _ of createInterface({ input: process.stdin })) {
  slack.reset();
  console.log("fresh");
}
await slack.close();
