/* diag_json: a diagnostic for programs: an object on a line of its own, so that they may read while nnc still runs.
 *
 *     {"file": "tagger.nn", "severity": "error", "message": "…",
 *      "line": 7, "column": 14, "end_line": 7, "end_column": 17,
 *      "bytes": {"begin": 131, "end": 134},
 *      "range": {"start": {"line": 6, "character": 13}, "end": {"line": 6, "character": 16}},
 *      "notes": [{"message": "…", the same five places}], "hints": ["…"]}
 *
 * "severity" is "error" or "warning"; a warning's "name" is what -Wno-NAME takes, and is kept by one that -Werror made
 * an error. Lines and columns are those of the text (from 1, in code points), bytes are offsets into the file, and the
 * range is the Language Server Protocol's (from 0, in units of UTF-16), to be handed on as it is. All ends are
 * exclusive. What is about a whole file, such as one of weights, has no place; neither have notes that say only what a
 * layer gives. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "support/diag_kept.h"
#include "support/unicode.h"

/* jansson returns NULL, or -1, only when memory is short. */
static json_t *need(json_t *value) {
    if (!value) ice("no memory for a diagnostic");
    return value;
}

static void set(json_t *object, const char *key, json_t *value) {
    if (json_object_set_new(object, key, need(value)) != 0) ice("no memory for a diagnostic");
}

static void push(json_t *array, json_t *value) {
    if (json_array_append_new(array, need(value)) != 0) ice("no memory for a diagnostic");
}

static json_t *safe_string(arena *a, const char *s) {
    text safe = text_new(a);
    unicode_add_safe(&safe, s, strlen(s));
    return json_stringn(text_string(&safe), safe.length);
}

static json_t *position(source_place place) {
    return json_pack("{s:I, s:I}", "line", (json_int_t)place.line, "character", (json_int_t)place.column);
}

static void set_place(json_t *object, const source *s, span where) {
    where = source_clamp(s, where);
    source_place begin = source_place_of(s, where.begin), end = source_place_of(s, where.end);
    set(object, "line", json_integer((json_int_t)begin.line));
    set(object, "column", json_integer((json_int_t)begin.column));
    set(object, "end_line", json_integer((json_int_t)end.line));
    set(object, "end_column", json_integer((json_int_t)end.column));
    set(object, "bytes",
        json_pack("{s:I, s:I}", "begin", (json_int_t)(s->dropped + where.begin), "end",
                  (json_int_t)(s->dropped + where.end)));
    set(object, "range",
        json_pack("{s:o, s:o}", "start", need(position(source_utf16_of(s, where.begin))), "end",
                  need(position(source_utf16_of(s, where.end)))));
}

static json_t *new_diagnostic(arena *a, const char *path, const char *severity, const char *message) {
    json_t *object = need(json_object());
    set(object, "file", safe_string(a, path));
    set(object, "severity", json_string(severity));
    set(object, "message", safe_string(a, message));
    return object;
}

static json_t *safe_lines(arena *a, const char *lines) {
    text t = text_new(a);
    for (size_t length; *lines; lines += length + (lines[length] == '\n')) {
        length = strcspn(lines, "\n");
        unicode_add_safe(&t, lines, length);
        text_add(&t, "\n");
    }
    return need(json_string(text_string(&t)));
}

static void write_object(text *to, json_t *object) {
    char *line = json_dumps(object, 0);
    if (!line) ice("no memory for a diagnostic");
    text_add(to, line);
    text_add(to, "\n");
    free(line);
    json_decref(object);
}

void diag_json(text *to, const diag *d) {
    arena *a = to->arena;
    const source *s = d->list->source;
    json_t *object = new_diagnostic(a, d->path ? d->path : s->path, d->is_error ? "error" : "warning", d->message);
    if (d->warning) set(object, "name", json_string(d->warning));
    if (!d->path) set_place(object, s, d->where);
    json_t *notes = need(json_array()), *hints = need(json_array());
    for (const diag_part *p = d->first; p; p = p->next) {
        if (p->kind == PART_HINT) {
            push(hints, safe_string(a, p->message));
            continue;
        }
        json_t *note = need(json_object());
        set(note, "message", p->kind == PART_NOTE_LINES ? safe_lines(a, p->message) : safe_string(a, p->message));
        if (p->kind == PART_NOTE) set_place(note, s, p->where);
        push(notes, note);
    }
    set(object, "notes", notes);
    set(object, "hints", hints);
    write_object(to, object);
}

void diag_json_rest(text *to, const diag_list *list, size_t count) {
    const char *path = list->source ? list->source->path : list->items[0]->path;
    const char *message = arena_printf(to->arena, "%zu more diagnostics are not shown", count);
    write_object(to, new_diagnostic(to->arena, path, "information", message));
}
