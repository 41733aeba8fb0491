// The peers that run on Node.js: node peers.mjs libpdf|signpdf material.json in.pdf level times out.pdf
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";

const [engine, material, source, level, times, out] = process.argv.slice(2);
const require = createRequire(path.join(process.env.ESM_BENCH_NODE, "package.json"));
const told = JSON.parse(fs.readFileSync(material, "utf8"));
const pdf = fs.readFileSync(source);
const read = (name) => fs.readFileSync(path.join(told.folder, name));
const bundle = read("key.p12");

async function libpdf() {
  const { PDF, P12Signer, HttpTimestampAuthority } = await import(esm("@libpdf/core"));
  const signer = await P12Signer.create(bundle, told.passphrase);
  const lists = { root: new Uint8Array(read("root.crl")), issuing: new Uint8Array(read("issuing.crl")) };
  const root = pem("root.pem"), issuing = pem("issuing.pem");
  const options = { signer, level };
  if (level !== "B-B") {
    options.timestampAuthority = new HttpTimestampAuthority(told.tsa);
    // The service's own authority and time-stamps stand under the root, signers under the issuing authority.
    const isOfRoot = (one) => Buffer.compare(Buffer.from(one), issuing) === 0 || Buffer.compare(Buffer.from(one), root) === 0;
    options.revocationProvider = { getCRL: async (one) => (isOfRoot(one) || isStamp(one) ? lists.root : lists.issuing) };
  }
  const isStamp = (one) => Buffer.from(one).includes(Buffer.from("Time-Stamp"));
  return async () => (await (await PDF.load(new Uint8Array(pdf))).sign(options)).bytes;
}

async function signpdf() {
  const { SignPdf } = require("@signpdf/signpdf");
  const { P12Signer } = require("@signpdf/signer-p12");
  const { plainAddPlaceholder } = require("@signpdf/placeholder-plain");
  // node-forge, below it, reads no certificate that an elliptic curve has signed: the key comes under its own signature.
  // Its signer reads the bundle to its end when it signs: each signature takes a new one.
  const alone = read("alone.p12");
  const signer = () => new P12Signer(alone, { passphrase: told.passphrase });
  const words = { reason: "bench", contactInfo: "-", name: "-", location: "-", signatureLength: 16384 };
  return async () => new SignPdf().sign(plainAddPlaceholder({ pdfBuffer: pdf, ...words, subFilter: "ETSI.CAdES.detached" }), signer());
}

function esm(name) {
  const folder = path.join(process.env.ESM_BENCH_NODE, "node_modules", name);
  const main = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  const entry = main.exports?.["."]?.import ?? main.module ?? main.main;
  return path.join(folder, typeof entry === "string" ? entry : entry.default);
}

function pem(name) {
  const lines = read(name).toString().split("\n").filter((line) => line && !line.startsWith("-"));
  return Buffer.from(lines.join(""), "base64");
}

const sign = await (engine === "libpdf" ? libpdf() : signpdf());
const took = [];
let signed;
for (let round = 0; round < 2 + Number(times); round++) {
  const start = performance.now();
  signed = await sign();
  took.push(performance.now() - start);
}
fs.writeFileSync(out, signed);
console.log(JSON.stringify(took.slice(2)));
