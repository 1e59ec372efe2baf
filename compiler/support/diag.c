/* diag: diagnostics kept in a list; sorted and shown at the end. */
#include "support/diag_kept.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_SHOWN = 1000 };                    /* nobody reads more, and a file of garbage has millions */
enum { LONGEST = 2000, HEAD = 1500, TAIL = 400 }; /* bytes of a message; a name may have any length */

const char *const warning_names[WARNING_COUNT] = {
#define WARNING(NAME, text, meaning) text,
#include "support/warnings.def"
};
const char *const warning_meanings[WARNING_COUNT] = {
#define WARNING(NAME, text, meaning) meaning,
#include "support/warnings.def"
};

diag_list *diag_list_new(arena *a, const source *s) {
    diag_list *list = ARENA_NEW(a, diag_list);
    list->arena = a;
    list->source = s;
    return list;
}

void diag_set(diag_list *list, const diag_settings *settings) { list->settings = *settings; }

static bool is_inside_character(char byte) { return ((unsigned char)byte & 0xC0) == 0x80; }

/* Without the middle of what is too long, cut between characters. */
static const char *new_message(arena *a, const char *format, va_list args) {
    const char *whole = arena_vprintf(a, format, args);
    size_t length = strlen(whole), head = HEAD, tail = length - TAIL;
    if (length <= LONGEST) return whole;
    while (is_inside_character(whole[head])) head--;
    while (is_inside_character(whole[tail])) tail++;
    return arena_printf(a, "%.*s … %s", (int)head, whole, whole + tail);
}

/* One that is off is made as well, for its notes and hints, but the list does not have it. */
__attribute__((format(printf, 5, 0))) static diag *add(diag_list *list, const warning_name *name, const char *path,
                                                       span where, const char *format, va_list args) {
    diag *d = ARENA_NEW(list->arena, diag);
    d->list = list;
    d->is_error = !name || list->settings.levels[*name] == WARNING_IS_ERROR;
    d->warning = name ? warning_names[*name] : NULL;
    d->path = path ? arena_strdup(list->arena, path) : NULL;
    d->where = where;
    d->message = new_message(list->arena, format, args);
    d->arrival = list->count;
    if (name && list->settings.levels[*name] == WARNING_OFF) return d;
    ARENA_PUSH(list->arena, list->items, list->count, list->capacity, d);
    if (!name) list->errors++;
    else if (d->is_error) list->warnings_as_errors++;
    else list->warnings++;
    return d;
}

diag *diag_error(diag_list *list, span where, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diag *d = add(list, NULL, NULL, where, format, args);
    va_end(args);
    return d;
}

diag *diag_warning(diag_list *list, warning_name name, span where, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diag *d = add(list, &name, NULL, where, format, args);
    va_end(args);
    return d;
}

diag *diag_error_file(diag_list *list, const char *path, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diag *d = add(list, NULL, path, (span){0, 0}, format, args);
    va_end(args);
    return d;
}

diag *diag_warning_file(diag_list *list, warning_name name, const char *path, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diag *d = add(list, &name, path, (span){0, 0}, format, args);
    va_end(args);
    return d;
}

__attribute__((format(printf, 4, 0))) static void add_part(diag *d, part_kind kind, span where, const char *format,
                                                           va_list args) {
    diag_part *p = ARENA_NEW(d->list->arena, diag_part);
    p->kind = kind;
    p->where = where;
    p->message = kind == PART_NOTE_LINES ? arena_vprintf(d->list->arena, format, args)
                                         : new_message(d->list->arena, format, args);
    for (const diag_part *q = d->first; q; q = q->next) {
        bool same = q->kind == kind && q->where.begin == where.begin && q->where.end == where.end;
        if (same && strcmp(q->message, p->message) == 0) return; /* said already */
    }
    if (d->last) d->last->next = p;
    else d->first = p;
    d->last = p;
}

void diag_note(diag *d, span where, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add_part(d, PART_NOTE, where, format, args);
    va_end(args);
}

void diag_note_plain(diag *d, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add_part(d, PART_NOTE_PLAIN, (span){0, 0}, format, args);
    va_end(args);
}

static void add_lines(diag *d, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add_part(d, PART_NOTE_LINES, (span){0, 0}, format, args);
    va_end(args);
}

void diag_note_lines(diag *d, const char *lines) { add_lines(d, "%s", lines); }

void diag_hint(diag *d, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add_part(d, PART_HINT, (span){0, 0}, format, args);
    va_end(args);
}

size_t diag_error_count(const diag_list *list) { return list->errors; }

bool diag_failed(const diag_list *list) { return list->errors || list->warnings_as_errors; }

size_t diag_warning_count(const diag_list *list) { return list->warnings; }

static int compare_sizes(size_t a, size_t b) { return a < b ? -1 : a > b; }

/* By all that is shown. */
static int compare_content(const diag *a, const diag *b) {
    int order = compare_sizes(!!a->path, !!b->path);
    if (!order && a->path) order = strcmp(a->path, b->path);
    if (!order) order = compare_sizes(a->where.begin, b->where.begin);
    if (!order) order = compare_sizes(a->where.end, b->where.end);
    if (!order) order = compare_sizes(a->is_error, b->is_error);
    if (!order) order = strcmp(a->message, b->message);
    const diag_part *p = a->first, *q = b->first;
    for (; !order && p && q; p = p->next, q = q->next) {
        order = compare_sizes(p->kind, q->kind);
        if (!order) order = compare_sizes(p->where.begin, q->where.begin);
        if (!order) order = compare_sizes(p->where.end, q->where.end);
        if (!order) order = strcmp(p->message, q->message);
    }
    return order ? order : compare_sizes(!!p, !!q);
}

static int by_content(const void *left, const void *right) {
    const diag *a = *(diag *const *)left, *b = *(diag *const *)right;
    int order = compare_content(a, b);
    return order ? order : compare_sizes(a->arrival, b->arrival);
}

/* File-wide ones last, then by place, then by arrival. */
static int by_place(const void *left, const void *right) {
    const diag *a = *(diag *const *)left, *b = *(diag *const *)right;
    int order = compare_sizes(!!a->path, !!b->path);
    if (!order && !a->path) order = compare_sizes(a->where.begin, b->where.begin);
    return order ? order : compare_sizes(a->arrival, b->arrival);
}

void diag_print(const diag_list *list, FILE *to) {
    if (!list->count) return;
    bool json = list->settings.format == DIAG_JSON;
    void (*show)(text *, const diag *) = json ? diag_json : diag_text;
    void (*show_rest)(text *, const diag_list *, size_t) = json ? diag_json_rest : diag_text_rest;
    diag **sorted = arena_copy(list->arena, list->items, list->count * sizeof *sorted);
    qsort(sorted, list->count, sizeof *sorted, by_content);
    size_t kept = 1; /* the first of each run of equal ones, which is the first that arrived */
    for (size_t i = 1; i < list->count; i++)
        if (compare_content(sorted[i], sorted[kept - 1]) != 0) sorted[kept++] = sorted[i];
    qsort(sorted, kept, sizeof *sorted, by_place);
    /* Written one diagnostic at a time: stderr has no buffer. */
    arena *scratch = arena_new();
    text shown = text_new(scratch);
    for (size_t i = 0; i < kept && i < MOST_SHOWN; i++) {
        shown.length = 0;
        show(&shown, sorted[i]);
        fwrite(text_string(&shown), 1, shown.length, to);
    }
    if (kept > MOST_SHOWN) {
        shown.length = 0;
        show_rest(&shown, list, kept - MOST_SHOWN);
        fwrite(text_string(&shown), 1, shown.length, to);
    }
    arena_free(scratch);
}
