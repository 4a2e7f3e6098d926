"""Small faults in Solidity sources, one at a time: what a test suite worth its name must notice.

The sources are parsed by the project's own compiler, so a mutant changes a whole expression or statement and never
a comment. Operators (the name stands in the record of `tools.mutants`):

=============  =========================================================================================
relation       ``<`` to ``<=`` and ``>=``, and so on; ``==`` to ``!=``
arithmetic     ``+`` to ``-``, ``*`` to ``/``, ``%`` to ``*``, shifts and bit operations to their opposite;
               in assembly, its functions likewise
logic          ``a && b`` and ``a || b`` to ``a`` and to ``b``; ``!a`` to ``a``
condition      an ``if`` taken always, and never
branch         ``c ? a : b`` to ``a`` and to ``b``
constant       a number one higher and one lower; a truth value turned; a text changed; an enum's next member
assignment     ``+=`` to ``-=`` and ``=``; ``++`` to ``--``
rounding       up to down and down to up; ``min`` to ``max``
deletion       a call, assignment, event, refusal, return or modifier left out
refusal        ``revert()`` put first into a function or branch: does any test run through it at all?
=============  =========================================================================================
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RELATIONS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",)}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&",
              "^": "|"}
COMPOUND = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "%=": "*=", "|=": "&=", "&=": "|=", "^=": "|=",
            "<<=": ">>=", ">>=": "<<="}
ROUNDING = {"fullMulDivUp": "fullMulDiv", "fullMulDiv": "fullMulDivUp", "mulDivUp": "mulDiv", "mulDiv": "mulDivUp",
            "ceilDiv": None, "divUp": None, "min": "max", "max": "min"}
# Assembly has its operators as functions.
YUL = {"add": "sub", "sub": "add", "mul": "div", "div": "mul", "mod": "div", "lt": "gt", "gt": "lt", "slt": "sgt",
       "sgt": "slt", "and": "or", "or": "and", "xor": "or", "shl": "shr", "shr": "shl", "eq": "lt"}
DELETABLE = ("ExpressionStatement", "EmitStatement", "RevertStatement", "Return")

Node = dict


class ParseError(Exception):
    """The compiler refused a source."""


@dataclass(frozen=True)
class Mutant:
    """One fault: bytes `start` to `end` of `path` become `replacement`."""

    path: str
    function: str
    operator: str
    start: int
    end: int
    replacement: str

    def apply(self, source: bytes) -> bytes:
        """The source with the fault in it."""
        return source[: self.start] + self.replacement.encode() + source[self.end :]

    def line(self, source: bytes) -> int:
        """The line where the fault begins, counted from 1."""
        return source.count(b"\n", 0, self.start) + 1

    def diff(self, source: bytes) -> tuple[str, str]:
        """The lines that the fault touches, before and after, each with its white space drawn together."""
        first = source.rfind(b"\n", 0, self.start) + 1
        last = source.find(b"\n", self.end)
        last = len(source) if last < 0 else last
        after = source[first : self.start] + self.replacement.encode() + source[self.end : last]
        before, after = (" ".join(text.decode().split()) for text in (source[first:last], after))
        return before, after


def parse(project: Path, paths: list[str]) -> dict[str, Node]:
    """Syntax trees by path, from the project's compiler, which stops after parsing.

    Raises
    ------
    ParseError
        If a source is not Solidity.
    """
    request = {
        "language": "Solidity",
        "sources": {path: {"content": (project / path).read_text(encoding="utf-8")} for path in paths},
        "settings": {"stopAfter": "parsing", "outputSelection": {"*": {"": ["ast"]}}},
    }
    command = [str(project / "tools" / "solc.js"), "--standard-json"]
    output = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, check=True, cwd=project)
    answer = json.loads(output.stdout)
    errors = [e["formattedMessage"] for e in answer.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise ParseError("\n".join(errors))
    return {path: answer["sources"][path]["ast"] for path in paths}


def enums(trees: dict[str, Node]) -> dict[str, list[str]]:
    """Members of every enum in the trees, by its name."""
    return {
        node["name"]: [member["name"] for member in node["members"]]
        for tree in trees.values()
        for node, _ in _walk(tree)
        if node["nodeType"] == "EnumDefinition"
    }


def mutants(path: str, tree: Node, source: bytes, members: dict[str, list[str]]) -> list[Mutant]:
    """All faults of one source, in its order, each change once.

    Parameters
    ----------
    path : str
        Path of the source inside the project.
    tree : dict
        Its syntax tree, from `parse`.
    source : bytes
        Its text; the tree's offsets count bytes.
    members : dict
        Members of enums by the enum's name, from `enums`.
    """
    found: dict[tuple[int, int, str], Mutant] = {}
    for node, parents in _walk(tree):
        for operator, start, end, replacement in _faults(node, parents, source, members):
            mutant = Mutant(path, _function(parents), operator, start, end, replacement)
            if source[start:end].decode() != replacement:
                found.setdefault((start, end, replacement), mutant)
    return sorted(found.values(), key=lambda mutant: (mutant.start, mutant.end, mutant.replacement))


# A fault before it has a path: operator, start, end, replacement.
Fault = tuple[str, int, int, str]


def _walk(node: object, parents: tuple[Node, ...] = ()) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Every node with those around it, the outermost first."""
    if isinstance(node, list):
        for child in node:
            yield from _walk(child, parents)
    elif isinstance(node, dict):
        if "nodeType" in node:
            yield node, parents
            parents = (*parents, node)
        for child in node.values():
            if isinstance(child, (dict, list)):
                yield from _walk(child, parents)


def _range(node: Node) -> tuple[int, int]:
    start, length, _ = map(int, node["src"].split(":"))
    return start, start + length


def _text(node: Node, source: bytes) -> str:
    start, end = _range(node)
    return source[start:end].decode()


def _function(parents: tuple[Node, ...]) -> str:
    """The function or modifier around a node; the contract where there is none."""
    names = {node["nodeType"]: node.get("name") or node.get("kind", "") for node in parents}
    for kind in ("FunctionDefinition", "ModifierDefinition", "ContractDefinition"):
        if kind in names:
            return names[kind]
    return "file"


def _faults(node: Node, parents: tuple[Node, ...], source: bytes, members: dict[str, list[str]]) -> Iterator[Fault]:
    kind = node["nodeType"]
    parent = parents[-1] if parents else {}
    if kind == "BinaryOperation":
        yield from _binary(node, source)
    elif kind in ("UnaryOperation", "Assignment"):
        yield from _update(node, source)
    elif kind == "Conditional":
        for branch in ("trueExpression", "falseExpression"):
            yield "branch", *_range(node), f"({_text(node[branch], source)})"
    elif kind in ("Literal", "YulLiteral") and parent.get("nodeType") != "ArrayTypeName":
        yield from _literal(node, source)
    elif kind == "MemberAccess":
        yield from _member(node, source, members)
    elif kind == "FunctionCall":
        yield from _rounding(node, source)
    elif kind == "IfStatement":
        yield from _condition(node)
    elif kind == "Block" and node["statements"] and not _only_refuses(node):
        start = _range(node)[0] + 1
        yield "refusal", start, start, " revert();"
    if kind == "ModifierInvocation":
        yield "deletion", *_range(node), ""
    if kind in DELETABLE and parent.get("nodeType") != "ForStatement":
        start, end = _range(node)
        # Parsed without its semicolon; empty statements exist only as blocks.
        yield "deletion", start, source.index(b";", end) + 1 if source[end - 1 : end] != b";" else end, "{}"
    if kind in ("YulExpressionStatement", "YulAssignment"):
        yield "deletion", *_range(node), "{}"
    if kind == "YulFunctionCall" and node["functionName"]["name"] in YUL:
        yield "arithmetic", *_range(node["functionName"]), YUL[node["functionName"]["name"]]


def _binary(node: Node, source: bytes) -> Iterator[Fault]:
    left, right, sign = node["leftExpression"], node["rightExpression"], node["operator"]
    if sign in ("&&", "||"):
        for side in (left, right):
            yield "logic", *_range(node), f"({_text(side, source)})"
        return
    # Brackets belong to no operand's range unless they are a node of their own, so only the sign itself is replaced.
    gap = _range(left)[1]
    start = source.index(sign.encode(), gap, _range(right)[0])
    for other in RELATIONS.get(sign, ()):
        yield "relation", start, start + len(sign), other
    if sign in ARITHMETIC:
        yield "arithmetic", start, start + len(sign), ARITHMETIC[sign]


def _update(node: Node, source: bytes) -> Iterator[Fault]:
    start, end = _range(node)
    sign = node["operator"]
    if sign == "!":
        yield "logic", start, end, _text(node["subExpression"], source)
    elif sign in ("++", "--"):
        other = "--" if sign == "++" else "++"
        yield "assignment", start, end, _text(node, source).replace(sign, other)
    elif sign in COMPOUND:
        at = source.index(sign.encode(), _range(node["leftHandSide"])[1])
        for other in (COMPOUND[sign], "="):
            yield "assignment", at, at + len(sign), other


def _literal(node: Node, source: bytes) -> Iterator[Fault]:
    start, end = _range(node)
    text = _text(node, source)
    if node["nodeType"] == "YulLiteral":
        if node["kind"] == "number":
            yield "constant", start, end, str(int(text, 0) + 1)
    elif node["kind"] == "bool":
        yield "constant", start, end, "false" if text == "true" else "true"
    elif node["kind"] == "string":
        yield "constant", start, end, '"mutated"'
    elif node["kind"] == "number":
        yield "constant", start, end, f"({text} + 1)" if not text.isdigit() else str(int(text) + 1)
        if text != "0":
            yield "constant", start, end, f"({text} - 1)" if not text.isdigit() else str(int(text) - 1)


def _member(node: Node, source: bytes, members: dict[str, list[str]]) -> Iterator[Fault]:
    start, end = _range(node)
    enum = node["expression"].get("name", "")
    if node["memberName"] in members.get(enum, ()):
        names = members[enum]
        after = names[(names.index(node["memberName"]) + 1) % len(names)]
        yield "constant", start, end, f"{enum}.{after}"


def _rounding(node: Node, source: bytes) -> Iterator[Fault]:
    called = node["expression"]
    name = called.get("memberName")
    if name not in ROUNDING:
        return
    if ROUNDING[name] is None:
        over, under = (_text(argument, source) for argument in node["arguments"])
        yield "rounding", *_range(node), f"(({over}) / ({under}))"
    else:
        end = _range(called)[1]
        yield "rounding", end - len(name), end, ROUNDING[name]


def _only_refuses(body: Node) -> bool:
    """Whether a branch does nothing but revert."""
    statements = body["statements"] if body["nodeType"] == "Block" else [body]
    if len(statements) != 1:
        return False
    called = statements[0].get("expression") or {}
    bare = called.get("nodeType") == "FunctionCall" and called["expression"].get("name") == "revert"
    return bare or statements[0]["nodeType"] == "RevertStatement"


def _condition(node: Node) -> Iterator[Fault]:
    # Where it guards a refusal, "never" is that refusal's deletion, and "always" is noticed by whatever calls it.
    if not _only_refuses(node["trueBody"]):
        yield "condition", *_range(node["condition"]), "false"
        yield "condition", *_range(node["condition"]), "true"


def describe(mutant: Mutant, source: bytes) -> str:
    """The entry of `tests/forge/mutants.md` for a survivor, its reason still to be written.

    Examples
    --------
    >>> print(describe(Mutant("contracts/A.sol", "f", "relation", 7, 8, ">="), b"return a < b;"))
    ### contracts/A.sol f
    <BLANKLINE>
    ```diff
    - return a < b;
    + return >= < b;
    ```
    """
    before, after = mutant.diff(source)
    return f"### {mutant.path} {mutant.function}\n\n```diff\n- {before}\n+ {after}\n```"


ENTRY = re.compile(r"^### (\S+) (\S+)\n\n```diff\n- (.*)\n\+ (.*)\n```\n+(?!###)(\S[^\n]*)", re.MULTILINE)


def explained(text: str) -> dict[tuple[str, str, str, str], str]:
    """Reasons in `tests/forge/mutants.md`, by path, function, line before and line after.

    Examples
    --------
    >>> entry = "### contracts/A.sol f\\n\\n```diff\\n- a\\n+ b\\n```\\n\\nBoth are the same.\\n"
    >>> explained(entry)
    {('contracts/A.sol', 'f', 'a', 'b'): 'Both are the same.'}
    """
    return {entry[:4]: entry[4] for entry in ENTRY.findall(text)}
