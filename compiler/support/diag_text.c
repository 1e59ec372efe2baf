/* diag_text: a diagnostic for a terminal: its place, the line, and a caret under the part at fault. */
#include <string.h>

#include "support/diag_kept.h"
#include "support/unicode.h"

enum {
    LONGEST_LINE = 160, /* a line of more characters is shown in part */
    WINDOW = 120,       /* of this many characters, */
    WINDOW_BEFORE = 39  /* so many of them before the caret */
};

/* As gcc and clang colour theirs. */
static const char bold[] = "\033[1m", red[] = "\033[1;31m", magenta[] = "\033[1;35m", cyan[] = "\033[1;36m",
                  green[] = "\033[1;32m", plain[] = "\033[0m";

typedef struct {
    text *to;
    bool color;
} writer;

static void begin_color(const writer *w, const char *color) {
    if (w->color) text_add(w->to, color);
}

static void end_color(const writer *w) { begin_color(w, plain); }

static void write_safe(const writer *w, const char *s) { unicode_add_safe(w->to, s, strlen(s)); }

/* "error: ", of which the word is coloured. */
static void write_word(const writer *w, const char *word, const char *color) {
    begin_color(w, color);
    text_printf(w->to, "%s:", word);
    end_color(w);
    text_add(w->to, " ");
}

/* Offset of the character `count` characters after `from`, at most `length`. */
static size_t skip(const char *line, size_t length, size_t from, size_t count) {
    while (count-- && from < length) from += unicode_character_at(line + from, length - from).bytes;
    return from;
}

/* Offset of the character about `count` characters before `from`, at least 0. */
static size_t skip_back(const char *line, size_t from, size_t count) {
    while (count-- && from > 0) {
        from--;
        while (from > 0 && ((unsigned char)line[from] & 0xC0) == 0x80) from--;
    }
    return from;
}

/* Columns of a character as unicode_add_safe shows it. */
static unsigned shown_width(const unicode_character *c) { return unicode_is_control(c->code) ? 1 : c->width; }

/* Below the line, blanks up to the caret, the caret, and ~ to the end of the part at fault. Tabs are repeated, for they
 * are as wide as the terminal makes them; other characters take their columns. */
static void write_caret(const writer *w, const char *line, size_t length, size_t from, span fault, const char *color) {
    for (size_t i = from; i < fault.begin;) {
        unicode_character c = unicode_character_at(line + i, length - i);
        if (c.code == '\t') text_add(w->to, "\t");
        else text_printf(w->to, "%*s", (int)shown_width(&c), "");
        i += c.bytes;
    }
    text row = text_new(w->to->arena);
    for (size_t i = fault.begin; i < fault.end;) {
        unicode_character c = unicode_character_at(line + i, length - i);
        for (unsigned k = 0; k < shown_width(&c); k++) text_add(&row, row.length ? "~" : "^");
        i += c.bytes;
    }
    begin_color(w, color);
    text_add(w->to, row.length ? text_string(&row) : "^");
    end_color(w);
}

/* The line on which a span begins, and under it a caret and a row of ~ as long as the span, within that line. */
static void write_line(const writer *w, const source *s, span where, size_t line_number, const char *color) {
    text *to = w->to;
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
    if (end > shown_end) end = shown_end;
    if (end <= caret) end = skip(line, length, caret, 1);

    size_t before = to->length;
    text_printf(to, "  %zu", line_number);
    int width = (int)(to->length - before);
    text_printf(to, " |%s%s", length ? " " : "", shown_begin > 0 ? "…" : "");
    unicode_add_safe(to, line + shown_begin, shown_end - shown_begin);
    text_printf(to, "%s\n%*s | %s", shown_end < length ? "…" : "", width, "", shown_begin > 0 ? " " : "");
    write_caret(w, line, length, shown_begin, (span){caret, end}, color);
    text_add(to, "\n");
}

/* The heads of messages, up to the message itself. */
static void write_head(const writer *w, const char *path, const source_place *place, const char *word,
                       const char *color) {
    begin_color(w, bold);
    write_safe(w, path);
    if (place) text_printf(w->to, ":%zu:%zu", place->line, place->column);
    text_add(w->to, ":");
    end_color(w);
    text_add(w->to, " ");
    write_word(w, word, color);
}

static void write_note(const writer *w, const source *s, const diag_part *p) {
    span where = source_clamp(s, p->where);
    source_place place = source_place_of(s, where.begin);
    write_head(w, s->path, &place, "note", cyan);
    write_safe(w, p->message);
    text_add(w->to, "\n");
    write_line(w, s, where, place.line, cyan);
}

static void write_lines(const writer *w, const char *lines) {
    while (*lines) {
        size_t length = strcspn(lines, "\n");
        text_add(w->to, "    ");
        unicode_add_safe(w->to, lines, length);
        text_add(w->to, "\n");
        lines += length + (lines[length] == '\n');
    }
}

static void write_message(const writer *w, const diag *d, const char *color) {
    write_safe(w, d->message);
    if (d->warning) {
        text_add(w->to, " [");
        begin_color(w, color);
        text_printf(w->to, "-W%s%s", d->is_error ? "error=" : "", d->warning);
        end_color(w);
        text_add(w->to, "]");
    }
    text_add(w->to, "\n");
}

void diag_text(text *to, const diag *d) {
    writer w = {to, d->list->settings.color};
    const source *s = d->list->source;
    const char *word = d->is_error ? "error" : "warning", *color = d->is_error ? red : magenta;
    if (d->path) {
        write_head(&w, d->path, NULL, word, color);
        write_message(&w, d, color);
    } else {
        span where = source_clamp(s, d->where);
        source_place place = source_place_of(s, where.begin);
        write_head(&w, s->path, &place, word, color);
        write_message(&w, d, color);
        write_line(&w, s, where, place.line, color);
    }
    for (const diag_part *p = d->first; p; p = p->next) {
        if (p->kind == PART_NOTE) {
            write_note(&w, s, p);
            continue;
        }
        if (p->kind == PART_NOTE_LINES) {
            write_lines(&w, p->message);
            continue;
        }
        text_add(to, "  ");
        if (p->kind == PART_HINT) write_word(&w, "hint", green);
        else write_word(&w, "note", cyan);
        write_safe(&w, p->message);
        text_add(to, "\n");
    }
}

void diag_text_rest(text *to, const diag_list *list, size_t count) {
    (void)list;
    text_printf(to, "and %zu more\n", count);
}
