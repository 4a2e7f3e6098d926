#!/usr/bin/env node
// The Solidity compiler of npm behind the two calls that brownie (py-solc-x), forge and slither make of a native
// solc: `--version`, and `--standard-json` with the input on standard input or in a named file.
// npm's own `solcjs` refuses their flags. Imports are read from the disk: the working directory or --base-path,
// each --include-path, then this project. --allow-paths is accepted and not needed: only imports are read.
//
// `--serve SOCKET` keeps the compiler loaded and answers other processes of this script that find the socket's path in
// BCFL_SOLC_SOCKET, until its standard input ends: half the work, for `make mutants`, which compiles a thousand times.
"use strict";

const fs = require("fs");
const net = require("net");
const path = require("path");

const project = path.resolve(__dirname, "..");

function fail(message) {
  fs.writeSync(2, `Error: ${message}\n`);
  process.exit(1);
}

function loadCompiler() {
  const folder = path.join(project, "node_modules", "solc");
  if (!fs.existsSync(folder)) fail(`${folder} is missing: run \`make setup\``);
  return require(folder);
}

// Pipes of a busy parent take only part of a large write, or none (EAGAIN); a compiler's output must be whole.
function writeAll(text) {
  const bytes = Buffer.from(text, "utf8");
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let done = 0; done < bytes.length; ) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

function readStandardInput() {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const chunks = [];
  const chunk = Buffer.alloc(1 << 16);
  for (;;) {
    try {
      const count = fs.readSync(0, chunk, 0, chunk.length, null);
      if (count === 0) return Buffer.concat(chunks).toString("utf8");
      chunks.push(Buffer.from(chunk.subarray(0, count)));
    } catch (error) {
      if (error.code === "EOF") return Buffer.concat(chunks).toString("utf8");
      if (error.code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

function parse(args) {
  const options = { mode: null, file: null, basePath: process.cwd(), includePaths: [] };
  for (let i = 0; i < args.length; i += 1) {
    const [flag, inline] = args[i].startsWith("--") ? args[i].split(/=(.*)/s) : [args[i], undefined];
    const value = () => {
      const given = inline !== undefined ? inline : args[(i += 1)];
      return given !== undefined ? given : fail(`${flag} needs a value`);
    };
    if (["--version", "--standard-json", "--serve"].includes(flag)) options.mode = flag;
    else if (flag === "--base-path") options.basePath = path.resolve(value());
    else if (flag === "--include-path") options.includePaths.push(path.resolve(value()));
    else if (flag === "--allow-paths") value();
    else if (flag === "-") options.file = null;
    else if (flag.startsWith("-")) fail(`unrecognised option '${flag}'`);
    else options.file = flag;
  }
  return options;
}

function importCallback({ basePath, includePaths }) {
  const folders = [basePath, ...includePaths, project];
  return (name) => {
    const plain = name.replace(/^file:\/\//, "");
    for (const folder of folders) {
      const candidate = path.resolve(folder, plain);
      if (fs.existsSync(candidate)) return { contents: fs.readFileSync(candidate, "utf8") };
    }
    return { error: `File not found in ${folders.join(", ")}: ${name}` };
  };
}

function answer(compiler, options, input) {
  if (options.mode === "--version") {
    return `solc, the solidity compiler commandline interface\nVersion: ${compiler.version()}\n`;
  }
  return `${compiler.compile(input, { import: importCallback(options) })}\n`;
}

function serve(address) {
  const compiler = loadCompiler();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const chunks = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", () => {
      const { options, input } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      socket.end(answer(compiler, options, input));
    });
  });
  server.listen(address, () => process.stdout.write("ready\n"));
  process.stdin.on("end", () => process.exit(0)).resume();
}

function ask(address, question) {
  const chunks = [];
  const socket = net.connect(address, () => socket.end(JSON.stringify(question)));
  socket.on("error", (error) => fail(`the compiler at ${address}: ${error.message}`));
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("end", () => writeAll(Buffer.concat(chunks).toString("utf8")));
}

function main() {
  const options = parse(process.argv.slice(2));
  if (options.mode === "--serve") return serve(options.file);
  if (options.mode === null) fail("expected --version, --standard-json or --serve SOCKET");
  const isJson = options.mode === "--standard-json";
  const read = () => (options.file === null ? readStandardInput() : fs.readFileSync(options.file, "utf8"));
  const input = isJson ? read() : "";
  const address = process.env.BCFL_SOLC_SOCKET;
  if (address) return ask(address, { options, input });
  writeAll(answer(loadCompiler(), options, input));
}

main();
