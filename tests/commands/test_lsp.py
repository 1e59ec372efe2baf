"""nnc lsp, by a scripted client, and by Neovim's."""
import json
import os
import re
import subprocess

from client import Client, edited, place, uri
from kit import SOURCE, TAGGER, have, holds
from test_install import names_in_docs

MODEL = """# 𝄞 a model
model tagger {
    dim T = 1..128
    weights "tagger.safetensors"
    input sentence: int32[T]
    state h: float32[1, 1, 6]
    state c: float32[1, 1, 6]
    layer emb = Embedding(9, 6) from "word_embeddings"
    layer lstm = LSTM(6, 6)
    layer lstm2tag = Linear(6, 3)
    embeds = emb(sentence)
    out, (h, c) = lstm(view(embeds, T, 1, -1), (h, c))
    space = lstm2tag(view(out, T, -1))
    output tags = log_softmax(space, dim=1)
}
"""


class Session:
    def __init__(self, bench, text=MODEL):
        bench.take(TAGGER, "tagger.safetensors")
        self.bench, self.path, self.text, self.version = bench, bench.path("my model.nn"), text, 1
        self.client = Client(bench.nnc, "lsp", folder=bench.folder)
        self.can = self.client.start()["capabilities"]
        self.client.open(self.path, text)

    def set(self, text):
        self.text, self.version = text, self.version + 1
        self.client.change(self.path, text, self.version)
        return self.found()

    def found(self):
        return self.client.wait(self.path, self.version)

    def at(self, method, marked, **more):
        return self.client.at(method, self.path, *place(self.text, marked), **more)

    def labels(self, marked):
        return {item["label"] for item in self.at("completion", marked)}

    def end(self):
        holds(self.client.stop() == (0, ""), "the end")


def nothing(text):
    return text.replace("|", "")


def check_diagnostics(bench):
    """They are those of --diagnostics=json, of every version of the text, and go away with the fault."""
    s = Session(bench)
    holds(s.found() == [], s.found())
    for old, new in (("Linear(6, 3)", "Linear(7, 3)"), ("LSTM(6, 6)", "LSTM(6, 5)"), ("dim=1", "dim=2"),
                     ("embeds, T", "embed, T"),
                     ("lstm2tag(view", "lstm2tag(view("), ('"tagger.safetensors"', '"none.pt"'),
                     ("input sentence", "input 𝄞sentence"),
                     ("    space", "    x = relu(space\n    space"),
                     ("output tags", "spare = emb(sentence)\n    output tags")):
        text = MODEL.replace(old, new)
        bench.write("my model.nn", text)
        found = s.set(text)
        r = subprocess.run([bench.nnc, "my model.nn", "-o", "m.c", "--diagnostics=json"], cwd=bench.folder,
                           stderr=subprocess.PIPE)
        rows = [json.loads(line) for line in r.stderr.decode().splitlines()]
        holds(len(rows) == len(found) and rows or not rows, (new, rows, found))
        for row, d in zip(rows, found):
            holds(d["severity"] == {"error": 1, "warning": 2}[row["severity"]]
                  and row["message"] in d["message"], (row, d))
            holds(d["source"] == "nnc" and d.get("code") == row.get("name"), d)
            holds("range" not in row or d["range"] == row["range"], (row, d))
            holds(all(h in d["message"] for h in row["hints"]), (row, d))
            notes = [n for n in row["notes"] if "range" in n]
            holds([n["message"] for n in notes] == [i["message"] for i in d["relatedInformation"]], (row, d))
            holds(all(i["location"]["uri"] == uri(s.path) for i in d["relatedInformation"]), d)
    holds(s.set(MODEL) == [], "mended")
    s.client.tell("textDocument/didClose", textDocument={"uri": uri(s.path)})
    holds(s.client.ask("textDocument/hover", textDocument={"uri": uri(s.path)},
                       position={"line": 0, "character": 0})["code"]
          == -32602 and s.client.diagnostics[uri(s.path)] == [], "closed")
    s.end()


def check_every_diagnostic(bench):
    """On every file of tests/diagnostics: as many as nnc says, at the same places."""
    s = Session(bench)
    folders = [os.path.join(root, "case.nn") for root, _, names in os.walk(os.path.join(SOURCE, "tests", "diagnostics"))
               if "case.nn" in names]
    count = 0
    for path in sorted(folders)[::3]:
        with open(path, "rb") as f:
            data = f.read()
        try:
            text = data.decode()
        except UnicodeDecodeError:
            continue
        if "\0" in text or text.startswith("\ufeff"):
            continue
        r = subprocess.run([bench.nnc, path, "-o", bench.path("d.c"), "--header", bench.path("d.h"), "--no-runtime",
                            "--diagnostics=json"],
                           stderr=subprocess.PIPE)
        if re.search("no weights|needs a weights file", r.stderr.decode()) or r.returncode > 1:
            continue
        rows = [json.loads(line) for line in r.stderr.decode().splitlines()]
        s.client.open(path, text)
        found = s.client.wait(path, 1)
        wanted = [(row["message"], row["range"]) for row in rows if "range" in row]
        holds(wanted == [(d["message"].split("\nnote:")[0].split("\nhint:")[0], d["range"]) for d in found
                         if any(m in d["message"] for m, _ in wanted)], (path, wanted, found))
        count += 1
    holds(count > 40, count)
    s.end()


def check_hover(bench):
    s = Session(bench)
    for marked, words in (("em|beds = ", ["embeds: float32[T, 6]"]), ("view(em|beds", ["embeds: float32[T, 6]"]),
                          ("= ls|tm(view", ["layer lstm = LSTM(6, 6)",
                                            "gives the tuple (float32[T, 1, 6], (float32[1, 1, 6], float32[1, 1, 6]))",
                                            "torch.nn.LSTM(input_size, hidden_size, num_layers=1, bias=True"]),
                          ("= LS|TM(6",
                           ["torch.nn.LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, "
                            "dropout=0.0, bidirectional=False, proj_size=0)", "`reverse`"]),
                          ("lay|er", []),
                          ("log_so|ftmax", ["torch.nn.functional.log_softmax(input, dim=None", "gives float32[T, 3]"]),
                          ("int32[|T]", ["dim T = 1..128"]), ("(|h, c))", ["state h: float32[1, 1, 6]"]),
                          ("input sen|tence", ["input sentence: int32[T]"]),
                          ("vi|ew(out", ["Tensor.view(*shape)", "gives float32[T, 6]"])):
        hover = s.at("hover", marked)
        if not words:
            holds(hover is None, hover)
            continue
        value = hover["contents"]["value"]
        holds(hover["contents"]["kind"] == "markdown" and all(w in value for w in words), (marked, value))
        start = hover["range"]["start"]
        line, character = place(s.text, marked)
        holds(start["line"] == line and start["character"] <= character <= hover["range"]["end"]["character"], hover)
    s.end()


def check_signatures(bench):
    """Every layer and function that the reference shows has torch's signature."""
    names = sorted(names_in_docs())
    text = ("model m {\n    input x: float32[2]\n"
            + "".join(f"    y{i} = {name}(x)\n" for i, name in enumerate(names)) + "}\n")
    s = Session(bench, text)
    for i, name in enumerate(names):
        hover = s.client.at("hover", s.path, 2 + i, text.splitlines()[2 + i].index(name))
        holds(hover and ("torch." in hover["contents"]["value"] or "Tensor." in hover["contents"]["value"])
              and name + "(" in hover["contents"]["value"], (name, hover))
    s.end()


def check_completion(bench):
    s = Session(bench)
    statement = s.set(MODEL.replace("    space", "    \n    space"))  # a line that is begun
    labels = s.labels("(h, c))\n    |\n")
    holds({"layer", "output", "input", "repeat", "collect"} <= labels and "LSTM" not in labels, labels)
    s.set(MODEL.replace("Linear(6, 3)", ""))
    labels = s.labels("layer lstm2tag = |\n")
    holds({"LSTM", "Linear", "Conv1d", "ReLU"} <= labels and "relu" not in labels and "embeds" not in labels, labels)
    s.set(MODEL.replace("Linear(6, 3)", "Linear(6, "))
    items = {i["label"]: i for i in s.at("completion", "Linear(6, |")}
    holds({"bias=", "in_features="} <= set(items) and items["bias="]["detail"] == "True or False", items)
    s.set(MODEL.replace("LSTM(6, 6)", "LSTM(6, 6, bias=False, )"))
    labels = s.labels("bias=False, |)")
    holds("bidirectional=" in labels and "bias=" not in labels, labels)
    s.set(MODEL.replace("log_softmax(space, dim=1)", "log_softmax(space, )"))
    labels = s.labels("log_softmax(space, |)")
    holds({"dim=", "embeds", "lstm", "relu", "T", "True"} <= labels and "tags" not in labels, labels)
    s.set(MODEL.replace("(h, c))\n", "(h, c), )\n"))
    labels = s.labels("(h, c), |)")
    holds({"lengths=", "hx="} <= labels, labels)
    s.set(MODEL.replace("int32[T]", "int32[]"))
    holds(s.labels("int32[|]") == {"T"}, s.labels("int32[|]"))
    s.set(MODEL.replace("sentence: int32[T]", "sentence: "))
    holds(s.labels("sentence: |\n") == {"float32", "int32", "bool"}, s.labels("sentence: |\n"))
    # keys of the weights, from the file itself
    holds(s.set(MODEL) == [] or statement, "")
    s.set(MODEL.replace('from "word_embeddings"', 'from "w"'))
    items = {i["label"]: i for i in s.at("completion", 'from "w|"')}
    holds(set(items) == {"word_embeddings", "lstm", "lstm2tag"}, items)
    new = edited(s.text, [items["word_embeddings"]["textEdit"]])
    holds(new == MODEL, new)
    s.set(MODEL.replace('from "word_embeddings"', 'from (weight="")'))
    items = {i["label"]: i for i in s.at("completion", 'weight="|"')}
    holds("lstm.weight_ih_l0" in items and items["lstm.weight_ih_l0"]["detail"] == "F32 [24, 6]", items)
    s.set(MODEL.replace("# 𝄞 a model", '# from "'))
    holds(s.labels('# from "|') == set(), "in a comment")
    s.end()


def check_training(bench):
    """What a model is trained with: names, signatures, completion."""
    text = """model m {
    input x: float32[4]
    target y: float32[2]
    layer l = Linear(4, 2)
    output z = l(x)
    loss error = mse_loss(z, y)
    train SGD(lr=0.1)
}
"""
    s = Session(bench, text)
    holds(s.found() == [], s.found())
    for marked, words in (("train SG|D", "torch.optim.SGD(params, lr=0.001"),
                          ("mse_|loss", "torch.nn.functional.mse_loss(input, target"),
                          ("(z, |y)", "target y: float32[2]"), ("loss err|or", "error: float32[]")):
        hover = s.at("hover", marked)
        holds(hover and words in hover["contents"]["value"], (marked, hover))
    definition = s.at("definition", "(z, |y)")
    holds(definition["range"]["start"] == {"line": 2, "character": 11}, definition)
    s.set(text.replace("train SGD(lr=0.1)", "train "))
    holds(s.labels("train |\n") == {"SGD", "Adam", "AdamW", "RMSprop", "clip_grad_norm_", "clip_grad_value_"},
          s.labels("train |\n"))
    s.set(text.replace("(lr=0.1)", "(lr=0.1, )"))
    holds({"momentum=", "params=", "frozen="} <= s.labels("lr=0.1, |)") and "lr=" not in s.labels("lr=0.1, |)"),
          s.labels("lr=0.1, |)"))
    s.end()


def check_definition(bench):
    s = Session(bench)
    for marked, target in (("view(em|beds", "|embeds = emb"), ("em|b(sentence)", "layer |emb ="),
                           ("[|T]\n", "dim |T ="),
                           ("emb(sen|tence)", "input |sentence"), ("-1), (|h, c)", "state |h"),
                           ("log_softmax(spa|ce", "|space ="),
                           ("view(ou|t, T", "|out, (h"), ("ta|gs =", "output |tags")):
        found = s.at("definition", marked)
        line, character = place(s.text, target)
        holds(found and found["uri"] == uri(s.path)
              and found["range"]["start"] == {"line": line, "character": character},
              (marked, found, target))
    holds(s.at("definition", "log_so|ftmax") is None, "torch's own")
    uses = s.at("references", "dim |T", context={"includeDeclaration": True})
    holds(len(uses) == 4, uses)
    holds(len(s.at("references", "dim |T", context={"includeDeclaration": False})) == 3, "uses")
    outline = s.client.ask("textDocument/documentSymbol", textDocument={"uri": uri(s.path)})
    holds([m["name"] for m in outline] == ["tagger"] and [c["name"] for c in outline[0]["children"]] ==
          ["T", "sentence", "h", "c", "emb", "lstm", "lstm2tag", "tags"], outline)
    s.end()


def check_rename(bench):
    """What is renamed compiles to the same numbers: a layer keeps its keys."""
    s = Session(bench)
    c = lambda text: (bench.write("r.nn", text), bench.nnc_says("r.nn", "-o", "-", "--target", "scalar"))[1]
    for marked, name in (("em|beds =", "vectors"), ("dim |T", "LENGTH"), ("= ls|tm(view", "rnn"),
                         ("layer em|b", "table"),
                         ("-1), (|h", "hidden"), ("sp|ace = ", "z")):
        edit = s.at("rename", marked, newName=name)
        new = edited(MODEL, edit["changes"][uri(s.path)])
        bench.write("r.nn", new)
        old = nothing(marked).split("(")[-1 if marked.startswith("-1")
                                         else 0].split(" ")[-1 if "layer" in marked or "dim" in marked else 0]
        holds(new != MODEL and name in new, (marked, new))
        said = c(new)
        holds("error" not in said and "warning" not in said, (marked, old, said))
        numbers = lambda text: [line for line in text.splitlines() if line.strip().startswith(("0x", "-0x", "{"))]
        holds(numbers(said) == numbers(c(MODEL)), marked)
    holds('layer rnn = LSTM(6, 6) from "lstm"'
          in edited(MODEL, s.at("rename", "= ls|tm(view", newName="rnn")["changes"][uri(s.path)]), "from")
    for marked, name, words in (("em|beds =", "out", "there is a out already"), ("em|beds =", "a b", "is no name"),
                                ("em|beds =", "1x", "cannot be"),
                                ("em|beds =", "", "is no name"), ("log_so|ftmax", "x", "no name of this file"),
                                ("em|beds =", "True", "cannot be")):
        found = s.at("rename", marked, newName=name)
        holds(words in found.get("message", ""), (name, found))
    holds(s.at("prepareRename", "log_so|ftmax") is None
          and s.at("prepareRename", "em|beds =")["start"]["character"] == 4, "prepare")
    s.end()


def check_formatting(bench):
    s = Session(bench)
    ask = lambda: s.client.ask("textDocument/formatting", textDocument={"uri": uri(s.path)},
                               options={"tabSize": 4, "insertSpaces": True})
    pretty = subprocess.run([bench.nnc, "fmt", "-"], input=MODEL.encode(), stdout=subprocess.PIPE).stdout.decode()
    holds(edited(MODEL, ask()) == pretty != MODEL, ask())
    s.set(pretty)
    holds(ask() == [], "as it should be")
    s.set("model a {")
    holds(ask() == [], "with an error in it")
    s.end()


def check_protocol(bench):
    """Order, mistakes and ends of a session."""
    c = Client(bench.nnc, "lsp")
    holds(c.ask("textDocument/hover")["code"] == -32002, "before initialize")
    can = c.start()["capabilities"]
    holds(can["positionEncoding"] == "utf-16" and can["textDocumentSync"]["change"] == 1
          and can["renameProvider"]["prepareProvider"], can)
    holds(c.ask("no/such")["code"] == -32601, "unknown")
    c.tell("$/no/such")
    c.tell("textDocument/didChange", textDocument={"uri": "file:///none.nn"}, contentChanges=[{"text": ""}])
    c.raw(b"content-length: 3\r\nContent-Type: x\r\n\r\n{]}")
    holds(c.answer()["error"]["code"] == -32700, "no JSON")
    for text in ("[]", "{}", '{"id": 5}', '{"id": 5, "method": 7}'):
        c.raw(b"Content-Length: %d\r\n\r\n" % len(text) + text.encode())
        holds(c.answer()["error"]["code"] == -32600, text)
    holds(c.ask("textDocument/hover", textDocument={"uri": "file:///none.nn"}, position={})["code"] == -32602,
          "not open")
    c.open("x.nn", "model a { output y = z }")
    c.tell("textDocument/didOpen", textDocument={"uri": 5})
    holds(c.ask("textDocument/hover", textDocument={"uri": uri("x.nn")})["code"] == -32602, "no position")
    for position in ({"line": 10**9, "character": 10**9}, {"line": 0, "character": 10**9},
                     {"line": 0, "character": 22}):
        c.ask("textDocument/hover", textDocument={"uri": uri("x.nn")}, position=position)
        c.ask("textDocument/completion", textDocument={"uri": uri("x.nn")}, position=position)
        c.ask("textDocument/rename", textDocument={"uri": uri("x.nn")}, position=position, newName="k")
    holds(c.ask("textDocument/hover", textDocument={"uri": uri("x.nn")}, position={"line": -1, "character": 0})["code"]
          == -32602, "-1")
    c.open("untitled.nn", "")
    holds("no model" in c.wait("untitled.nn", 1)[0]["message"], "an empty file")
    c.ask("shutdown")
    holds(c.ask("textDocument/hover")["code"] == -32600, "after shutdown")
    c.tell("exit")
    c.process.communicate(timeout=60)
    holds(c.process.returncode == 0, "after shutdown")
    for data, status, words in ((b"", 1, ""), (b"garbage\r\n\r\n", 1, "Content-Length"),
                                (b"Content-Length: 99999999999\r\n\r\n", 1, "Content-Length"),
                                (b"Content-Length: -1\r\n\r\n", 1, "Content-Length"),
                                (b"x" * 10000, 1, "Content-Length"),
                                (b"Content-Length: 10\r\n\r\n{}", 1, "ends before its end")):
        r = subprocess.run([bench.nnc, "lsp", "--stdio"], input=data, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, timeout=60)
        holds(r.returncode == status and words in r.stderr.decode(), (data[:30], r))
    message = b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
    r = subprocess.run([bench.nnc, "lsp"], input=b"Content-Length: %d\r\n\r\n%s" % (len(message), message),
                       stdout=open("/dev/full", "w"), stderr=subprocess.PIPE, timeout=60)
    holds(r.returncode == 1 and b"No space" in r.stderr, r)
    holds("without arguments" in bench.nnc_says("lsp", "x.nn", status=2), "arguments")
    holds(bench.names() == [], bench.names())


def check_typing(bench):
    """A file typed character by character: every state of it is looked at and asked about, and none ends the server."""
    s = Session(bench, "")
    text = MODEL.replace("tagger.safetensors", "none.pt")
    for n in range(0, len(text), 7):
        s.set(text[:n])
        line = text.count("\n", 0, n)
        character = len(text[text.rfind("\n", 0, n) + 1:n].encode("utf-16-le")) // 2
        for method in ("completion", "hover", "definition"):
            s.client.at(method, s.path, line, character)
    s.end()


LUA = """
local lines = {}
local function say(...) table.insert(lines, table.concat({...}, ' ')) end
vim.lsp.start_client = vim.lsp.start_client
local id = vim.lsp.start_client({name = 'nnc', cmd = {'@NNC@', 'lsp'}, root_dir = vim.fn.getcwd()})
vim.lsp.buf_attach_client(0, id)
local client = vim.lsp.get_client_by_id(id)
vim.wait(300000, function() return client.initialized and #vim.diagnostic.get(0) > 0 end, 20)
for _, d in ipairs(vim.diagnostic.get(0)) do say('diagnostic', d.lnum, d.col, d.severity, d.source, d.message) end
local function ask(method, line, character, more)
  local params = {textDocument = vim.lsp.util.make_text_document_params(0),
                  position = {line = line, character = character}}
  for k, v in pairs(more or {}) do params[k] = v end
  for _, r in pairs(vim.lsp.buf_request_sync(0, method, params, 300000)) do
    if r.err then say(vim.inspect(r.err)) end return r.result
  end
end

say('hover', ask('textDocument/hover', 10, 6).contents.value)
say('definition', ask('textDocument/definition', 11, 30).range.start.line)
for _, item in ipairs(ask('textDocument/completion', 8, 22)) do
  if item.label == 'bias=' then say('completion', item.label) end
end
vim.lsp.util.apply_workspace_edit(ask('textDocument/rename', 10, 6, {newName = 'vectors'}), client.offset_encoding)
vim.lsp.util.apply_text_edits(ask('textDocument/formatting', 0, 0, {options = {tabSize = 4, insertSpaces = true}}), 0,
    client.offset_encoding)
for _, l in ipairs(vim.api.nvim_buf_get_lines(0, 0, -1, false)) do say('text', l) end
vim.fn.writefile(vim.split(table.concat(lines, '\\n'), '\\n'), 'said')
vim.lsp.stop_client(id)
vim.cmd('qa!')
"""


def check_neovim(bench):
    """Neovim's own client: a diagnostic, hover, definition, completion, a new name, the canonical form."""
    if not have("nvim", "nnc lsp in Neovim"):
        return
    bench.take(TAGGER, "tagger.safetensors")
    bench.write("m.nn",
                MODEL.replace("output tags", "spare = emb(sentence)\n    output tags").replace("dim=1", "dim=5"))
    bench.write("client.lua", LUA.replace("@NNC@", bench.nnc))
    bench.environment.update(HOME=bench.folder, XDG_STATE_HOME=bench.path("state"), XDG_CACHE_HOME=bench.path("cache"))
    bench.run("timeout", "600", "nvim", "--clean", "--headless", "-n", "m.nn", "-c", "luafile client.lua",
              "-c", "cquit")
    said = bench.read("said").splitlines()
    holds(any(line.startswith("diagnostic 14 41 1 nnc there is no dim 5") for line in said), said)
    holds("embeds: float32[T, 6]" in said and "definition 10" in said and "completion bias=" in said, said)
    holds("text     vectors = emb(sentence)" in said
          and "text     layer emb      = Embedding(9, 6) from \"word_embeddings\"" in said, said)
