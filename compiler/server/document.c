/* document: see document.h. */
#include "server/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emit/emit.h"
#include "emit/target.h"
#include "passes/passes.h"
#include "plan/plan.h"
#include "syntax/parse.h"
#include "weights/bind.h"
#include "weights/tensor.h"

/* --- documents --- */

static char *copy(const char *s) {
    char *c = strdup(s);
    if (!c) ice("no memory for a document");
    return c;
}

static int hex(char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1; }

/* file:///a/b%20c.nn -> /a/b c.nn */
static char *path_of(const char *uri) {
    static const char scheme[] = "file://";
    if (strncmp(uri, scheme, sizeof scheme - 1) != 0) return copy("");
    const char *from = uri + sizeof scheme - 1;
    while (*from && *from != '/') from++; /* a host */
    char *path = copy(from), *to = path;
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
    d->text = copy(text_now);
}

document *document_open(document **first, const char *uri, const char *text_now) {
    document *d = document_find(*first, uri);
    if (!d) {
        d = calloc(1, sizeof *d);
        if (!d) ice("no memory for a document");
        d->uri = copy(uri);
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

static const char *beside(const document *d, arena *a, const char *name) {
    const char *slash = strrchr(d->path, '/');
    return *name == '/' || !slash ? name : arena_printf(a, "%.*s/%s", (int)(slash - d->path), d->path, name);
}

const char *document_weights(const document *d, arena *a, const ast_model *m) {
    for (const ast_stmt *s = m ? m->statements : NULL; s; s = s->next)
        if (s->kind == AST_WEIGHTS) return beside(d, a, s->string);
    return NULL;
}

typedef struct {
    tensor_file **items;
    size_t count, capacity;
} files;

/* As compiling does it: all models that name one file are bound to it together. Gives the files, which stay open as long as
 * the models are used. */
static files bind(const document *d, analysis *f, ir_model *const *models, size_t count, diag_list *diags) {
    files open = {0};
    bool *bound = ARENA_ARRAY(f->arena, bool, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (bound[i] || !models[i]->weights) continue;
        ir_model **same = ARENA_ARRAY(f->arena, ir_model *, count);
        size_t same_count = 0;
        for (size_t k = i; k < count; k++) {
            if (!models[k]->weights || strcmp(models[k]->weights, models[i]->weights) != 0) continue;
            same[same_count++] = models[k];
            bound[k] = true;
        }
        const char *path = beside(d, f->arena, models[i]->weights);
        tensor_file *file = tensor_file_open(f->arena, path, diags, models[i]->weights_where);
        if (!file) continue;
        ARENA_PUSH(f->arena, open.items, open.count, open.capacity, file);
        bind_weights(same, same_count, file, NULL, diags, models[i]->weights_where);
    }
    return open;
}

static void compile(const document *d, analysis *f, diag_list *diags) {
    lowered_file lowered = lower_file_noting(f->arena, f->file, diags, &f->notes);
    if (diag_error_count(diags)) return;
    emit_api_check(f->arena, lowered.models, emit_apis(f->arena, lowered.models, lowered.count, false), lowered.count, diags);
    files open = bind(d, f, lowered.models, lowered.count, diags);
    plan_options planning = {.unroll = 0};
    target_bodies("baseline", &planning);
    for (size_t i = 0; i < lowered.count; i++)
        if (passes_run(lowered.models[i], diags)) plan_model(f->arena, lowered.models[i], &planning, diags);
    for (size_t i = 0; i < open.count; i++) tensor_file_close(open.items[i]);
}

/* --- diagnostics --- */

/* Of a row as --diagnostics=json writes it. */
static json_t *to_protocol(const document *d, json_t *row) {
    json_t *made = json_made(json_object()), *range = json_object_get(row, "range"), *related = json_made(json_array());
    text message = text_new(d->found->arena);
    const char *severity = json_string_at(row, "severity"), *file = json_string_at(row, "file");
    if (!range) text_printf(&message, "%s: ", file ? file : "");
    text_add(&message, json_string_at(row, "message"));
    size_t i;
    json_t *part;
    json_array_foreach(json_object_get(row, "notes"), i, part) {
        json_t *place = json_object_get(part, "range");
        if (!place) text_printf(&message, "\nnote: %s", json_string_at(part, "message"));
        else
            json_append(related, json_pack("{s:{s:s, s:O}, s:O}", "location", "uri", d->uri, "range", place, "message",
                                           json_object_get(part, "message")));
    }
    json_array_foreach(json_object_get(row, "hints"), i, part) text_printf(&message, "\nhint: %s", json_string_value(part));
    json_put(made, "range", range ? json_incref(range) : json_range(d->found->source, (span){0, 0}));
    int level = severity && strcmp(severity, "error") == 0 ? 1 : severity && strcmp(severity, "warning") == 0 ? 2 : 3;
    json_put(made, "severity", json_integer(level));
    json_put(made, "source", json_string("nnc"));
    json_put(made, "message", json_text(text_string(&message)));
    if (json_string_at(row, "name")) json_put(made, "code", json_incref(json_object_get(row, "name")));
    json_put(made, "relatedInformation", related);
    return made;
}

static json_t *diagnostics_of(const document *d, const diag_list *diags) {
    char *bytes = NULL;
    size_t size = 0;
    json_t *all = json_made(json_array());
    FILE *to = open_memstream(&bytes, &size);
    if (!to) ice("no memory for diagnostics");
    diag_print(diags, to);
    fclose(to);
    for (char *line = bytes, *end; line && (end = strchr(line, '\n')); line = end + 1) {
        json_error_t error;
        json_t *row = json_loadb(line, (size_t)(end - line), 0, &error);
        if (row) json_append(all, to_protocol(d, row));
        json_decref(row);
    }
    free(bytes);
    return all;
}

static analysis *new_analysis(const document *d, const char *text_now) {
    arena *a = arena_new();
    analysis *f = ARENA_NEW(a, analysis);
    f->arena = a;
    f->source = source_from_text(a, *d->path ? d->path : d->uri, text_now, strlen(text_now));
    return f;
}

const analysis *document_look(document *d) {
    if (d->found) return d->found;
    analysis *f = d->found = new_analysis(d, d->text);
    diag_list *diags = diag_list_new(f->arena, f->source);
    diag_set(diags, &(diag_settings){.format = DIAG_JSON});
    f->file = parse_file(f->arena, f->source, diags);
    f->parsed = !diag_error_count(diags);
    f->symbols = symbols_of(f->arena, f->file);
    compile(d, f, diags);
    f->diagnostics = diagnostics_of(d, diags);
    return f;
}

size_t document_errors_of(const document *d, const char *text_now) {
    analysis *f = new_analysis(d, text_now);
    diag_list *diags = diag_list_new(f->arena, f->source);
    lower_file(f->arena, parse_file(f->arena, f->source, diags), diags);
    size_t errors = diag_error_count(diags);
    arena_free(f->arena);
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
