/* server: see server.h. */
#include "server/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "server/complete.h"
#include "server/hover.h"
#include "server/message.h"
#include "server/rename.h"
#include "syntax/format.h"

enum {
    PARSE_ERROR = -32700,
    INVALID_REQUEST = -32600,
    NO_METHOD = -32601,
    INVALID_PARAMS = -32602,
    NOT_INITIALIZED = -32002,
    FAILED = -32803
};

typedef struct {
    document *first;
    bool initialized, down, ended, broken; /* broken: standard output */
} server;

/* --- writing --- */

static void send(server *s, json_t *message) {
    json_put(message, "jsonrpc", json_string("2.0"));
    if (!message_write(message)) s->broken = true;
}

static void answer(server *s, json_t *id, json_t *result) {
    json_t *m = json_made(json_object());
    json_put(m, "id", id ? json_incref(id) : json_null());
    json_put(m, "result", result);
    send(s, m);
}

static void refuse(server *s, json_t *id, int code, const char *why) {
    json_t *m = json_made(json_object());
    json_put(m, "id", id ? json_incref(id) : json_null());
    json_put(m, "error", json_pack("{s:i, s:o}", "code", code, "message", json_text(why)));
    send(s, m);
}

static void notify(server *s, const char *method, json_t *params) {
    json_t *m = json_made(json_object());
    json_put(m, "method", json_string(method));
    json_put(m, "params", params);
    send(s, m);
}

static void publish(server *s, document *d, json_t *diagnostics) {
    json_t *params = json_made(json_pack("{s:s, s:o}", "uri", d->uri, "diagnostics", diagnostics));
    if (d->version) json_put(params, "version", json_incref(d->version));
    notify(s, "textDocument/publishDiagnostics", params);
}

/* Documents that have changed are looked at, and what was found is said. */
static void look_at_changed(server *s) {
    for (document *d = s->first; d && !s->broken; d = d->next) {
        if (d->found) continue;
        const analysis *f = document_look(d);
        publish(s, d, json_incref(f->diagnostics));
    }
}

/* --- what is asked --- */

static json_t *initialize(void) {
    json_t *can = json_made(json_pack(
        "{s:s, s:{s:b, s:i, s:b}, s:b, s:{s:[s,s,s,s,s,s]}, s:b, s:b, s:{s:b}, s:b, s:b}",
        "positionEncoding", "utf-16", "textDocumentSync", "openClose", 1, "change", 1, "save", 0,
        "hoverProvider", 1, "completionProvider", "triggerCharacters", "(", ",", "[", "\"", "=",
        ":", "definitionProvider", 1, "referencesProvider", 1, "renameProvider", "prepareProvider",
        1, "documentFormattingProvider", 1, "documentSymbolProvider", 1));
    return json_made(json_pack("{s:o, s:{s:s, s:s}}", "capabilities", can, "serverInfo", "name",
                               "nnc", "version", NNC_VERSION));
}

/* One edit of the whole text; none where it is as it should be, or has syntax errors. */
static json_t *formatted(document *d) {
    const analysis *f = document_look(d);
    json_t *edits = json_made(json_array());
    text made = text_new(f->arena);
    if (!f->parsed) return edits;
    format_source(f->arena, f->source, &made);
    if (strcmp(d->text, text_string(&made)) != 0)
        json_append(edits, json_pack("{s:o, s:s}", "range",
                                     json_range(f->source, (span){0, f->source->size}), "newText",
                                     text_string(&made)));
    return edits;
}

typedef struct {
    server *server;
    json_t *id, *params;
    document *document;
    size_t offset;
} request;

static void ask_hover(request *r) { answer(r->server, r->id, hover_at(r->document, r->offset)); }
static void ask_completion(request *r) {
    answer(r->server, r->id, complete_at(r->document, r->offset));
}
static void ask_definition(request *r) {
    answer(r->server, r->id, definition_at(r->document, r->offset));
}
static void ask_prepare(request *r) {
    answer(r->server, r->id, rename_range_at(r->document, r->offset));
}
static void ask_format(request *r) { answer(r->server, r->id, formatted(r->document)); }
static void ask_outline(request *r) { answer(r->server, r->id, outline(r->document)); }

static void ask_references(request *r) {
    bool declarations = json_is_true(json_at(r->params, "context.includeDeclaration"));
    answer(r->server, r->id, references_at(r->document, r->offset, declarations));
}

static void ask_rename(request *r) {
    const char *name = json_string_at(r->params, "newName"), *why = "a new name is missing";
    json_t *edit = name ? rename_at(r->document, r->offset, name, &why) : NULL;
    if (edit) answer(r->server, r->id, edit);
    else refuse(r->server, r->id, name ? FAILED : INVALID_PARAMS, why);
}

/* What is asked of a document, most of it at a place. */
static const struct {
    const char *method;
    void (*ask)(request *);
    bool at_place;
} requests[] = {
    {"textDocument/hover", ask_hover, true},
    {"textDocument/completion", ask_completion, true},
    {"textDocument/definition", ask_definition, true},
    {"textDocument/references", ask_references, true},
    {"textDocument/rename", ask_rename, true},
    {"textDocument/prepareRename", ask_prepare, true},
    {"textDocument/formatting", ask_format, false},
    {"textDocument/documentSymbol", ask_outline, false},
};

static void handle_request(server *s, const char *method, json_t *id, json_t *params) {
    if (strcmp(method, "initialize") == 0) {
        s->initialized = true;
        answer(s, id, initialize());
        return;
    }
    if (!s->initialized || s->down) {
        refuse(s, id, s->down ? INVALID_REQUEST : NOT_INITIALIZED,
               s->down ? "the server is shut down" : "initialize comes first");
        return;
    }
    if (strcmp(method, "shutdown") == 0) {
        s->down = true;
        answer(s, id, json_null());
        return;
    }
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        if (strcmp(requests[i].method, method) != 0) continue;
        const char *uri = json_string_at(params, "textDocument.uri");
        request r = {s, id, params, uri ? document_find(s->first, uri) : NULL, 0};
        if (!r.document) refuse(s, id, INVALID_PARAMS, "this document is not open");
        else if (look_at_changed(s),
                 requests[i].at_place && !json_offset(r.document->found->source,
                                                      json_at(params, "position"), &r.offset))
            refuse(s, id, INVALID_PARAMS, "a position is missing");
        else requests[i].ask(&r);
        return;
    }
    refuse(s, id, NO_METHOD, "no such method");
}

/* --- what is told --- */

static void set_version(document *d, const json_t *params) {
    json_decref(d->version);
    d->version = json_incref(json_at(params, "textDocument.version"));
}

static void handle_notification(server *s, const char *method, json_t *params) {
    const char *uri = json_string_at(params, "textDocument.uri");
    if (strcmp(method, "exit") == 0) {
        s->ended = true;
    } else if (!s->initialized || !uri) {
        return;
    } else if (strcmp(method, "textDocument/didOpen") == 0) {
        const char *now = json_string_at(params, "textDocument.text");
        if (now) set_version(document_open(&s->first, uri, now), params);
    } else if (strcmp(method, "textDocument/didChange") == 0) {
        document *d = document_find(s->first, uri);
        json_t *changes = json_at(params, "contentChanges");
        const char *now =
            json_string_at(json_array_get(changes, json_array_size(changes) - 1), "text");
        if (!d || !now) return;
        document_set(d, now);
        set_version(d, params);
    } else if (strcmp(method, "textDocument/didClose") == 0) {
        document *d = document_find(s->first, uri);
        if (!d) return;
        publish(s, d, json_array());
        document_close(&s->first, uri);
    }
}

static void handle(server *s, json_t *message) {
    json_t *id = json_object_get(message, "id"), *params = json_object_get(message, "params");
    const char *method = json_string_at(message, "method");
    if (!method) {
        /* an answer to nothing, or no message at all */
        if (!json_is_object(message) || !json_object_get(message, "result"))
            refuse(s, id, INVALID_REQUEST, "a method is missing");
    } else if (id) {
        handle_request(s, method, id, params);
    } else {
        handle_notification(s, method, params);
    }
}

int server_run(void) {
    server s = {0};
    const char *why = NULL;
    signal(SIGPIPE, SIG_IGN);
    while (!s.ended && !s.broken) {
        json_t *message;
        if (!message_waits()) look_at_changed(&s);
        if (s.broken) break;
        message_result got = message_read(&message, &why);
        if (got == MESSAGE_END || got == MESSAGE_BROKEN) break;
        if (got == MESSAGE_NO_JSON) refuse(&s, NULL, PARSE_ERROR, "this is no JSON");
        else handle(&s, message);
        json_decref(message);
    }
    if (s.broken) why = strerror(errno);
    while (s.first) document_close(&s.first, s.first->uri);
    message_end();
    if (why) fprintf(stderr, "nnc lsp: %s\n", why);
    return s.ended && s.down && !s.broken ? 0 : 1;
}
