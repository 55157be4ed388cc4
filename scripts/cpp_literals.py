"""Finds the string literals of a C++ source, joins them as the program does, and says where each text is used.

Adjacent literals are one text. So are the operands of `+`: an operand that is not a literal becomes {}. The
template of a fmt::format is part of the text that it is added to."""

import dataclasses
import re

TOKEN = re.compile(r"""(?P<gap>\s+|//[^\n]*|/\*.*?\*/)
                     |(?P<include>(?<![^\n])[ ]*\#[ ]*(?:include|error)[^\n]*)
                     |(?P<raw>R"(?P<mark>\w*)\((?P<inner>.*?)\)(?P=mark)")
                     |(?P<literal>"(?:[^"\\\n]|\\.)*")
                     |(?P<letter>'(?:[^'\\\n]|\\.)+')
                     |(?P<word>[A-Za-z_]\w*|\d[\w'.]*|::|->|<<=?|>>=|[-+=!<>]=|&&|\|\||.)""",
                   re.VERBOSE | re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\n": ""}
# What ends an operand of +.
BOUNDARIES = set(", ; = ? : == != <= >= < > && || << += - * / % & ! # "
                 "return co_return co_yield case throw else".split())
CLOSING = {")": "(", "]": "[", "}": "{"}
CONTROL = {"if", "for", "while", "switch", "catch", "constexpr"}
FORMATS = {"fmt::format"}
# Calls and types that pass a text on as it is.
TRANSPARENT = {"std::string", "std::string_view", "std::move", "Secret", ""}


@dataclasses.dataclass(frozen=True)
class Literal:
    value: str
    offsets: tuple  # where in the source its parts begin


@dataclasses.dataclass(frozen=True)
class Group:
    opener: str
    children: list


@dataclasses.dataclass(frozen=True)
class Place:
    """The calls and braces around a text, innermost first, each as (name, position of the argument); the variable
    that it is assigned to; its function."""
    calls: tuple = ()
    declared: str = ""
    function: str = ""


@dataclasses.dataclass(frozen=True)
class Found:
    text: str
    offsets: tuple
    place: Place
    cells: tuple = ()  # of a row (see texts): literals, and the words of the other cells


def decoded(literal):
    def letter(found):
        return chr(int(found[1][1:], 16)) if found[1][0] == "x" else ESCAPES.get(found[1], found[1])

    return re.sub(r"\\(x[0-9A-Fa-f]+|.)", letter, literal[1:-1], flags=re.DOTALL)


def parse(source):
    """The source as a tree of words, literals and groups in brackets."""
    stack = [Group("", [])]
    for found in TOKEN.finditer(source):
        siblings = stack[-1].children
        if found["gap"] or found["include"]:
            continue
        if found["raw"] or found["literal"]:
            value, offsets = found["inner"] if found["raw"] else decoded(found[0]), (found.start(),)
            if siblings and isinstance(siblings[-1], Literal):
                before = siblings.pop()
                value, offsets = before.value + value, before.offsets + offsets
            siblings.append(Literal(value, offsets))
        elif found[0] in CLOSING.values():
            siblings.append(Group(found[0], []))
            stack.append(siblings[-1])
        elif found[0] in CLOSING:
            if len(stack) > 1:
                stack.pop()
        else:
            siblings.append(found["letter"] or found[0])
    return stack[0].children


def is_name(node):
    return isinstance(node, str) and re.match(r"[A-Za-z_]|::$|\.$|->$", node)


def is_braces(node):
    return isinstance(node, Group) and node.opener == "{"


def name_before(nodes, end):
    """The name that ends before this position, such as `log::warn` or `.complain`, without template arguments."""
    last = end - 1
    if last >= 0 and nodes[last] == ">":
        depth = 0
        while last >= 0:
            depth += (nodes[last] == ">") - (nodes[last] == "<")
            last -= 1
            if depth == 0:
                break
    joints = ("::", ".", "->")
    first = last
    while first >= 0 and is_name(nodes[first]) and nodes[first] not in BOUNDARIES:
        if first < last and nodes[first] not in joints and nodes[first + 1] not in joints:
            break
        first -= 1
    return "".join(nodes[first + 1:last + 1])


def parameters_before(nodes, end):
    """The position of the (parameters) before a body that begins at `end`, or None: the braces are not a body."""
    def before_qualifiers(at):
        while at >= 0 and nodes[at] in ("const", "override", "noexcept", "final", "mutable"):
            at -= 1
        return at

    at = before_qualifiers(end - 1)
    back = at
    while back >= 0 and nodes[back] != "->" and (is_name(nodes[back]) or nodes[back] in ("<", ">", "*", "&")):
        back -= 1
    if back >= 0 and nodes[back] == "->":
        at = before_qualifiers(back - 1)
    return at if at >= 0 and isinstance(nodes[at], Group) and nodes[at].opener == "(" else None


def body_at(nodes, at, in_block):
    """What the braces at this position are: the body of a function (its name), another block (""), a value (None)."""
    parameters = parameters_before(nodes, at)
    if parameters is not None:
        if parameters and isinstance(nodes[parameters - 1], Group):
            return ""  # a lambda
        name = name_before(nodes, parameters)
        return "" if name.split("::")[-1] in CONTROL else name
    if not in_block:
        return None
    before = nodes[at - 1] if at else ";"
    if before in (";", ":", "else", "do", "try") or is_braces(before):
        return ""
    while at and nodes[at - 1] not in (";", "=", "return", "co_return"):
        at -= 1
        if is_braces(nodes[at]):
            return None
        if nodes[at] in ("namespace", "struct", "class", "enum", "union", "extern"):
            return ""
    return None


def split(nodes, separator):
    parts = [[]]
    for node in nodes:
        if node == separator:
            parts.append([])
        else:
            parts[-1].append(node)
    return parts


def joined(operands):
    """The text of what + adds up and the offsets of its literals, or None when no operand is a literal."""
    texts, offsets = [], ()
    for operand in operands:
        text = literal_of(operand)
        texts.append(text[0] if text else "{}")
        offsets += text[1] if text else ()
    return ("".join(texts), offsets) if offsets else None


def literal_of(operand):
    """The text of an operand that is a literal, or that passes one on."""
    if operand and isinstance(operand[0], Literal) and (len(operand) == 1 or operand[1:] in (["s"], ["sv"])):
        return operand[0].value, operand[0].offsets
    if not operand or not isinstance(operand[-1], Group) or operand[-1].opener == "[":
        return None
    arguments = split(operand[-1].children, ",")
    name = "".join(operand[:-1]) if all(isinstance(node, str) for node in operand[:-1]) else "?"
    if name not in FORMATS and (name not in TRANSPARENT or len(arguments) > 1):
        return None
    if any(isinstance(node, str) and node in BOUNDARIES for node in arguments[0]):
        return None
    return joined(split(arguments[0], "+"))


def cells_of(group):
    return tuple(cell[0] if len(cell) == 1 else "".join(node for node in cell if isinstance(node, str))
                 for cell in split(group.children, ","))


class Walk:
    """Visits the nodes of one pair of brackets, or of the whole source."""

    def __init__(self, nodes, place, in_block, row_of):
        self.nodes, self.place, self.in_block, self.row_of = nodes, place, in_block, row_of
        self.position, self.operands, self.declared, self.taken, self.groups = 0, [], place.declared, set(), []

    def here(self):
        calls = self.place.calls
        if calls and not self.in_block:
            calls = ((calls[0][0], self.position), *calls[1:])
        return dataclasses.replace(self.place, calls=calls, declared=self.declared)

    def finish(self):
        """Yields the texts of the expression that ends here."""
        sum_of_literals = joined(split(self.operands, "+"))
        rest = [(node.value, node.offsets) for node in self.operands if isinstance(node, Literal)]
        for text, offsets in [sum_of_literals, *rest] if sum_of_literals else rest:
            if not self.taken.issuperset(offsets):
                self.taken.update(offsets)
                yield Found(text, offsets, self.here())
        self.operands = []

    def boundary(self, at):
        node, before = self.nodes[at], self.nodes[at - 1] if at else None
        if node == ",":
            self.position += 1
        elif node == ";":
            self.declared = ""
        elif node == "=":
            if isinstance(before, Group) and before.opener == "[" and at > 1:
                before = self.nodes[at - 2]
            self.declared = before if is_name(before) else ""

    def run(self):
        for at, node in enumerate(self.nodes):
            if isinstance(node, Group):
                function = body_at(self.nodes, at, self.in_block) if is_braces(node) else None
                if function is None:
                    self.operands.append(node)
                    place = self.here()
                    inner = ((name_before(self.nodes, at), 0), *place.calls)
                    self.groups.append((node, dataclasses.replace(place, calls=inner)))
                    continue
                yield from self.finish()
                yield from Walk(node.children, Place((), "", function or self.place.function), True, self.row_of).run()
                self.declared = self.declared if not self.in_block else ""
            elif isinstance(node, str) and node in BOUNDARIES:
                yield from self.finish()
                self.boundary(at)
            else:
                self.operands.append(node)
        yield from self.finish()
        for group, place in self.groups:
            row = self.row_of(cells_of(group))
            if row:
                self.taken.update(row[1])
                yield Found(row[0], row[1], place, cells_of(group))
            for found in Walk(group.children, place, False, self.row_of).run():
                if not self.taken.issuperset(found.offsets):
                    yield found


def texts(source, row_of=lambda cells: None):
    """Each text of the source. `row_of` may join the cells of one pair of brackets: it returns their text and the
    offsets of its literals, or None."""
    return Walk(parse(source), Place(), True, row_of).run()
