"""client: a client of the Language Server Protocol, by script: whoever talks to nnc lsp."""
import json
import os
import subprocess
import urllib.parse


class Client:
    def __init__(self, *command, folder="."):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, cwd=folder)
        self.count, self.diagnostics, self.versions = 0, {}, {}

    def send(self, message):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.raw(b"Content-Length: %d\r\n\r\n" % len(data) + data)

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def read(self):
        length = None
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise EOFError(self.process.stderr.read().decode())
            if line == b"\r\n":
                break
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self.process.stdout.read(length))

    def answer(self):
        """The next answer; notifications on the way are kept."""
        while True:
            message = self.read()
            if "id" in message:
                return message
            self.take(message)

    def take(self, message):
        assert message["method"] == "textDocument/publishDiagnostics", message
        p = message["params"]
        self.diagnostics[p["uri"]], self.versions[p["uri"]] = p["diagnostics"], p.get("version")

    def ask(self, method, **params):
        """The result, or the error, of a request."""
        self.count += 1
        self.send({"id": self.count, "method": method, "params": params})
        message = self.answer()
        assert message["id"] == self.count, message
        return message["error"] if "error" in message else message["result"]

    def tell(self, method, **params):
        self.send({"method": method, "params": params})

    def start(self):
        result = self.ask("initialize", processId=None, rootUri=None, capabilities={})
        self.tell("initialized")
        return result

    def open(self, path, text, version=1):
        self.tell("textDocument/didOpen",
                  textDocument={"uri": uri(path), "languageId": "nnc", "version": version, "text": text})

    def change(self, path, text, version):
        self.tell("textDocument/didChange", textDocument={"uri": uri(path), "version": version},
                  contentChanges=[{"text": text}])

    def wait(self, path, version):
        """The diagnostics of this version."""
        while self.versions.get(uri(path)) != version:
            self.take(self.read())
        return self.diagnostics[uri(path)]

    def at(self, method, path, line, character, **more):
        return self.ask("textDocument/" + method, textDocument={"uri": uri(path)},
                        position={"line": line, "character": character}, **more)

    def stop(self):
        self.ask("shutdown")
        self.tell("exit")
        said = self.process.communicate(timeout=60)
        return self.process.returncode, said[1].decode()


def uri(path):
    return "file://" + urllib.parse.quote(os.path.abspath(path))


def place(text, marked):
    """Where marked, with a | at the place, is in the text: (line, character), as the protocol counts."""
    before, after = marked.split("|")
    at = text.index(before + after) + len(before)
    line = text.count("\n", 0, at)
    return line, len(text[text.rfind("\n", 0, at) + 1:at].encode("utf-16-le")) // 2


def edited(text, edits):
    """The text with the edits of the protocol."""
    lines = text.splitlines(keepends=True) + [""]

    def offset(p):
        line = lines[min(p["line"], len(lines) - 1)]
        units = 0
        for i, c in enumerate(line):
            if units >= p["character"]:
                break
            units += 2 if ord(c) > 0xFFFF else 1
        else:
            i = len(line)
        return sum(len(row) for row in lines[:p["line"]]) + i

    for e in sorted(edits, key=lambda e: offset(e["range"]["start"]), reverse=True):
        text = text[:offset(e["range"]["start"])] + e["newText"] + text[offset(e["range"]["end"]):]
    return text
