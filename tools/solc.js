#!/usr/bin/env node
// The Solidity compiler of npm behind the two calls that brownie (py-solc-x), forge and slither make of a native
// solc: `--version`, and `--standard-json` with the input on standard input or in a named file.
// npm's own `solcjs` refuses their flags. Imports are read from the disk: the working directory or --base-path,
// each --include-path, then this project. --allow-paths is accepted and not needed: only imports are read.
"use strict";

const fs = require("fs");
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
    if (flag === "--version" || flag === "--standard-json") options.mode = flag;
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

function main() {
  const options = parse(process.argv.slice(2));
  if (options.mode === "--version") {
    const version = loadCompiler().version();
    writeAll(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
  } else if (options.mode === "--standard-json") {
    const input = options.file === null ? readStandardInput() : fs.readFileSync(options.file, "utf8");
    writeAll(`${loadCompiler().compile(input, { import: importCallback(options) })}\n`);
  } else {
    fail("expected --version or --standard-json");
  }
}

main();
