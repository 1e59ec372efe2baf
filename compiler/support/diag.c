/* diag: diagnostics kept in a list; sorted and shown at the end. */
#include "support/diag.h"

#include <stdlib.h>
#include <string.h>

#include "support/text.h"

enum {
    LONGEST_LINE = 160, /* a longer line is shown in part */
    WINDOW = 120,       /* of this many characters, */
    WINDOW_BEFORE = 39, /* so many of them before the caret */
    MOST_SHOWN = 1000   /* nobody reads more, and a file of garbage has millions */
};

typedef enum { PART_NOTE, PART_NOTE_PLAIN, PART_HINT } part_kind;

typedef struct part part;
struct part {
    part_kind kind;
    span where; /* PART_NOTE */
    const char *message;
    part *next;
};

struct diag {
    diag_list *list;
    bool is_error;
    const char *path; /* of a whole file; NULL when `where` is meant */
    span where;
    const char *message;
    size_t arrival;
    part *first, *last;
};

struct diag_list {
    arena *arena;
    const source *source;
    diag **items;
    size_t count, capacity;
    size_t errors, warnings;
};

diag_list *diag_list_new(arena *a, const source *s) {
    diag_list *list = ARENA_NEW(a, diag_list);
    list->arena = a;
    list->source = s;
    return list;
}

__attribute__((format(printf, 5, 0))) static diag *add(diag_list *list, bool is_error, const char *path, span where,
                                                       const char *format, va_list args) {
    diag *d = ARENA_NEW(list->arena, diag);
    d->list = list;
    d->is_error = is_error;
    d->path = path ? arena_strdup(list->arena, path) : NULL;
    d->where = where;
    d->message = arena_vprintf(list->arena, format, args);
    d->arrival = list->count;
    ARENA_PUSH(list->arena, list->items, list->count, list->capacity, d);
    if (is_error) list->errors++;
    else list->warnings++;
    return d;
}

diag *diag_error(diag_list *list, span where, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diag *d = add(list, true, NULL, where, format, args);
    va_end(args);
    return d;
}

diag *diag_warning(diag_list *list, span where, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diag *d = add(list, false, NULL, where, format, args);
    va_end(args);
    return d;
}

diag *diag_error_file(diag_list *list, const char *path, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diag *d = add(list, true, path, (span){0, 0}, format, args);
    va_end(args);
    return d;
}

diag *diag_warning_file(diag_list *list, const char *path, const char *format, ...) {
    va_list args;
    va_start(args, format);
    diag *d = add(list, false, path, (span){0, 0}, format, args);
    va_end(args);
    return d;
}

__attribute__((format(printf, 4, 0))) static void add_part(diag *d, part_kind kind, span where, const char *format,
                                                           va_list args) {
    part *p = ARENA_NEW(d->list->arena, part);
    p->kind = kind;
    p->where = where;
    p->message = arena_vprintf(d->list->arena, format, args);
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

void diag_hint(diag *d, const char *format, ...) {
    va_list args;
    va_start(args, format);
    add_part(d, PART_HINT, (span){0, 0}, format, args);
    va_end(args);
}

size_t diag_error_count(const diag_list *list) { return list->errors; }

size_t diag_warning_count(const diag_list *list) { return list->warnings; }

/* One character of untrusted text: control characters and broken UTF-8 must not reach the terminal as they are.
 * Returns how many bytes were shown. */
static size_t print_character(text *to, const char *s, size_t available) {
    size_t length = text_utf8_length(s, available);
    unsigned char first = (unsigned char)s[0];
    bool control = (first < 0x20 && first != '\t') || first == 0x7F || (first == 0xC2 && (unsigned char)s[1] < 0xA0);
    if (!length || control) text_add(to, "\xEF\xBF\xBD"); /* U+FFFD */
    else text_add_n(to, s, length);
    return length ? length : 1;
}

static void print_text(text *to, const char *s) {
    for (size_t left = strlen(s); left;) {
        size_t shown = print_character(to, s, left);
        s += shown;
        left -= shown;
    }
}

/* Offset of the character `columns` characters after `from`, at most `length`. */
static size_t skip(const char *line, size_t length, size_t from, size_t columns) {
    while (columns-- && from < length) {
        size_t bytes = text_utf8_length(line + from, length - from);
        from += bytes ? bytes : 1;
    }
    return from;
}

/* Offset of the character about `columns` characters before `from`, at least 0. */
static size_t skip_back(const char *line, size_t from, size_t columns) {
    while (columns-- && from > 0) {
        from--;
        while (from > 0 && ((unsigned char)line[from] & 0xC0) == 0x80) from--;
    }
    return from;
}

/* The line on which a span begins, and under it a caret and a row of ~ as long as the span, within that line. */
static void print_line(text *to, const source *s, span where, size_t line_number) {
    size_t length;
    const char *line = source_line(s, line_number, &length);
    size_t line_begin = s->line_starts[line_number - 1];
    size_t caret = where.begin - line_begin, end = where.end - line_begin;
    if (caret > length) caret = length; /* on the line's end */
    size_t shown_begin = 0, shown_end = length;
    if (skip(line, length, 0, LONGEST_LINE) < length) {
        shown_begin = skip_back(line, caret, WINDOW_BEFORE);
        shown_end = skip(line, length, shown_begin, WINDOW);
    }

    size_t before = to->length;
    text_printf(to, "  %zu", line_number);
    int width = (int)(to->length - before);
    text_printf(to, " |%s%s", length ? " " : "", shown_begin > 0 ? "…" : "");
    for (size_t i = shown_begin; i < shown_end;) i += print_character(to, line + i, length - i);
    text_printf(to, "%s\n%*s | %s", shown_end < length ? "…" : "", width, "", shown_begin > 0 ? " " : "");

    for (size_t i = shown_begin; i < caret; i = skip(line, length, i, 1)) text_add(to, line[i] == '\t' ? "\t" : " ");
    text_add(to, "^");
    if (end > shown_end) end = shown_end;
    for (size_t i = skip(line, length, caret, 1); i < end; i = skip(line, length, i, 1)) text_add(to, "~");
    text_add(to, "\n");
}

static void print_placed(text *to, const source *s, span where, const char *severity, const char *message) {
    if (where.begin > s->size) where.begin = s->size;
    if (where.end < where.begin) where.end = where.begin;
    source_place place = source_place_of(s, where.begin);
    print_text(to, s->path);
    text_printf(to, ":%zu:%zu: %s: ", place.line, place.column, severity);
    print_text(to, message);
    text_add(to, "\n");
    print_line(to, s, where, place.line);
}

static void print_diag(text *to, const diag *d) {
    const source *s = d->list->source;
    const char *severity = d->is_error ? "error" : "warning";
    if (d->path) {
        print_text(to, d->path);
        text_printf(to, ": %s: ", severity);
        print_text(to, d->message);
        text_add(to, "\n");
    } else {
        print_placed(to, s, d->where, severity, d->message);
    }
    for (const part *p = d->first; p; p = p->next) {
        if (p->kind == PART_NOTE) {
            print_placed(to, s, p->where, "note", p->message);
        } else {
            text_printf(to, "  %s: ", p->kind == PART_HINT ? "hint" : "note");
            print_text(to, p->message);
            text_add(to, "\n");
        }
    }
}

static int compare_sizes(size_t a, size_t b) { return a < b ? -1 : a > b; }

/* By all that is shown. */
static int compare_content(const diag *a, const diag *b) {
    int order = compare_sizes(!!a->path, !!b->path);
    if (!order && a->path) order = strcmp(a->path, b->path);
    if (!order) order = compare_sizes(a->where.begin, b->where.begin);
    if (!order) order = compare_sizes(a->where.end, b->where.end);
    if (!order) order = compare_sizes(a->is_error, b->is_error);
    if (!order) order = strcmp(a->message, b->message);
    const part *p = a->first, *q = b->first;
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
        print_diag(&shown, sorted[i]);
        fwrite(text_string(&shown), 1, shown.length, to);
    }
    if (kept > MOST_SHOWN) fprintf(to, "and %zu more\n", kept - MOST_SHOWN);
    arena_free(scratch);
}

enum { LONGEST_WORD = 256 }; /* longer ones are never mistyped names */

static unsigned char lower(char c) { return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

/* Insertions, deletions, changes and swaps of neighbours that turn a into b, upper and lower case being the same;
 * anything above limit when there are more than that. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length, size_t limit) {
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= b_length; j++) last[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t least = now[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t cost = last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            if (last[j] + 1 < cost) cost = last[j] + 1;
            if (now[j - 1] + 1 < cost) cost = now[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped && before[j - 2] + 1 < cost) cost = before[j - 2] + 1;
            now[j] = cost;
            if (cost < least) least = cost;
        }
        if (least > limit) return least;
        size_t *free_row = before;
        before = last;
        last = now;
        now = free_row;
    }
    return last[b_length];
}

const char *diag_nearest(const char *word, const char *const *candidates, size_t count) {
    size_t length = strlen(word), best_distance = 0;
    const char *best = NULL;
    if (length > LONGEST_WORD) return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t other = strlen(candidates[i]);
        if (other > LONGEST_WORD) continue;
        size_t longer = length > other ? length : other, shorter = length > other ? other : length;
        size_t limit = longer / 3; /* with more edits than that it is another word */
        if (best && best_distance < limit) limit = best_distance;
        if (longer - shorter > limit) continue;
        size_t found = distance(word, length, candidates[i], other, limit);
        if (found > limit || (best && found >= best_distance)) continue;
        best = candidates[i];
        best_distance = found;
    }
    return best;
}

void ice_at(const char *file, int line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fputs("nnc: internal error: ", stderr);
    vfprintf(stderr, format, args);
    fprintf(stderr, " (%s:%d)\n", file, line);
    va_end(args);
    exit(3);
}
