/* document: see document.h. */
#include "server/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/pipeline.h"
#include "place.h"
#include "support/memory.h"

/* --- documents --- */

static int hex(char c) {
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* file:///a/b%20c.nn -> /a/b c.nn */
static char *path_of(const char *uri) {
    static const char scheme[] = "file://";
    if (strncmp(uri, scheme, sizeof scheme - 1) != 0) return memory_copy("");
    const char *from = uri + sizeof scheme - 1;
    while (*from && *from != '/') from++; /* a host */
    char *path = memory_copy(from), *to = path;
    for (; *from; from++) {
        bool escaped = *from == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0;
        *to++ = escaped ? (char)(16 * hex(from[1]) + hex(from[2])) : *from;
        if (escaped) from += 2;
    }
    *to = '\0';
    return path;
}

document *document_find(document *first, const char *uri) {
    for (document *d = first; d; d = d->next)
        if (strcmp(d->uri, uri) == 0) return d;
    return NULL;
}

static void forget(document *d) {
    if (!d->found) return;
    json_decref(d->found->diagnostics);
    arena_free(d->found->arena);
    d->found = NULL;
}

void document_set(document *d, const char *text_now) {
    forget(d);
    free(d->text);
    d->text = memory_copy(text_now);
}

document *document_open(document **first, const char *uri, const char *text_now) {
    document *d = document_find(*first, uri);
    if (!d) {
        d = memory_new(1, sizeof *d);
        d->uri = memory_copy(uri);
        d->path = path_of(uri);
        d->next = *first;
        *first = d;
    }
    document_set(d, text_now);
    return d;
}

void document_close(document **first, const char *uri) {
    for (document **at = first; *at; at = &(*at)->next) {
        document *d = *at;
        if (strcmp(d->uri, uri) != 0) continue;
        *at = d->next;
        forget(d);
        json_decref(d->version);
        free(d->text);
        free(d->path);
        free(d->uri);
        free(d);
        return;
    }
}

/* --- what the compiler finds --- */

const char *document_weights(const document *d, arena *a, const ast_model *m) {
    for (const ast_stmt *s = m ? m->statements : NULL; s; s = s->next)
        if (s->kind == AST_WEIGHTS) return path_beside(a, d->path, s->string);
    return NULL;
}

static bool names_weights(const pipeline *p) {
    for (size_t i = 0; i < p->file.count; i++)
        if (p->file.models[i]->weights) return true;
    return false;
}

/* As compiling does it, up to the plan; a model that names no weights yet is looked at without. */
static void compile(pipeline *p, ast_file *ast) {
    if (!pipeline_lower(p, ast)) return;
    if (names_weights(p)) pipeline_bind(p);
    pipeline_passes(p);
    pipeline_plan(p);
    pipeline_release(p);
}

/* --- diagnostics --- */

/* Of a row as --diagnostics=json writes it. */
static json_t *to_protocol(const document *d, json_t *row) {
    json_t *made = json_made(json_object()), *range = json_object_get(row, "range"),
           *related = json_made(json_array());
    text message = text_new(d->found->arena);
    const char *severity = json_string_at(row, "severity"), *file = json_string_at(row, "file");
    if (!range) text_printf(&message, "%s: ", file ? file : "");
    text_add(&message, json_string_at(row, "message"));
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(row, "notes"), i, part) {
        json_t *at = json_object_get(part, "range");
        if (!at) text_printf(&message, "\nnote: %s", json_string_at(part, "message"));
        else
            json_append(related,
                        json_pack("{s:{s:s, s:O}, s:O}", "location", "uri", d->uri, "range", at,
                                  "message", json_object_get(part, "message")));
    }
    json_array_foreach(json_object_get(row, "hints"), i, part)
        text_printf(&message, "\nhint: %s", json_string_value(part));
    json_put(made, "range",
             range ? json_incref(range) : json_range(d->found->source, (span){0, 0}));
    int level = severity && strcmp(severity, "error") == 0     ? 1
                : severity && strcmp(severity, "warning") == 0 ? 2
                                                               : 3;
    json_put(made, "severity", json_integer(level));
    json_put(made, "source", json_string("nnc"));
    json_put(made, "message", json_text(text_string(&message)));
    if (json_string_at(row, "name"))
        json_put(made, "code", json_incref(json_object_get(row, "name")));
    json_put(made, "relatedInformation", related);
    return made;
}

static json_t *diagnostics_of(const document *d, const diag_list *diags) {
    char *bytes;
    size_t size;
    json_t *all = json_made(json_array());
    FILE *to = memory_open(&bytes, &size);
    diag_print(diags, to);
    memory_close(to);
    for (char *line = bytes, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        json_error_t error;
        json_t *row = json_loadb(line, (size_t)(end - line), 0, &error);
        if (row) json_append(all, to_protocol(d, row));
        json_decref(row);
    }
    free(bytes);
    return all;
}

const analysis *document_look(document *d) {
    if (d->found) return d->found;
    options o = options_default();
    pipeline p;
    o.input = *d->path ? d->path : d->uri;
    o.diagnostics.format = DIAG_JSON;
    pipeline_open_text(&p, &o, d->text, strlen(d->text));
    analysis *f = d->found = ARENA_NEW(p.arena, analysis);
    f->arena = p.arena;
    f->source = p.source;
    p.notes = &f->notes;
    ast_file *ast = pipeline_parse(&p);
    f->file = ast;
    f->parsed = !diag_error_count(p.diags);
    f->symbols = symbols_of(f->arena, ast);
    compile(&p, ast);
    f->diagnostics = diagnostics_of(d, p.diags);
    return f;
}

size_t document_errors_of(const document *d, const char *text_now) {
    options o = options_default();
    pipeline p;
    o.input = d->path;
    pipeline_open_text(&p, &o, text_now, strlen(text_now));
    pipeline_lower(&p, pipeline_parse(&p));
    size_t errors = diag_error_count(p.diags);
    pipeline_release(&p);
    arena_free(p.arena);
    return errors;
}

const char *analysis_shows(const analysis *f, span where) {
    const lower_note *best = NULL;
    for (size_t i = 0; i < f->notes.count; i++) {
        const lower_note *n = &f->notes.items[i];
        if (n->where.begin > where.begin || n->where.end < where.end) continue;
        if (!best || n->where.end - n->where.begin <= best->where.end - best->where.begin) best = n;
    }
    return best ? best->shows : NULL;
}
