// A Slack Web API on loopback. Each line on standard input gives it a fresh workspace; each answer is one line.
// Fresh means made anew: a reset would keep count of the 5,000 calls an hour that it allows each token.
import { createInterface } from "node:readline";
import { createEmulator } from "emulate";

const seed = JSON.parse(process.argv[2]);
const made = () => createEmulator({ service: "slack", port: Number(process.argv[3]), seed: { slack: seed } });
let slack = await made();
console.log(slack.url);
for await (const _ of createInterface({ input: process.stdin })) {
  await slack.close();
  slack = await made();
  console.log("fresh");
}
await slack.close();
