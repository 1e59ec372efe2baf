/* format: tokens -> lines -> text. */
#include "syntax/format.h"

#include "syntax/format_line.h"
#include "syntax/parse.h"

typedef struct {
    arena *arena;
    const source *source;
    format_line *items;
    size_t count, capacity;
} lines;

/* --- tokens -> lines --- */

static bool is(const lines *l, const token *t, const char *mark) {
    return t->kind == TOKEN_MARK && token_is(l->source, t, mark);
}

static format_line *add_line(lines *l, const token *first, size_t depth, bool apart) {
    format_line line = {.tokens = first, .depth = depth, .apart = apart};
    ARENA_PUSH(l->arena, l->items, l->count, l->capacity, line);
    return &l->items[l->count - 1];
}

/* The head of a block, up to its brace. Comments that stand before the brace, in no bracket, move
 * behind it. */
static size_t add_head(lines *l, const token_list *list, size_t i, size_t end, size_t depth,
                       bool apart) {
    token *kept = ARENA_ARRAY(l->arena, token, end + 1 - i);
    const token **moved = ARENA_ARRAY(l->arena, const token *, end + 1 - i);
    size_t brackets = 0, count = 0, moved_count = 0;
    for (size_t k = i; k <= end; k++) {
        const token *t = &list->items[k];
        if (is(l, t, "(") || is(l, t, "[")) brackets++;
        if (is(l, t, ")") || is(l, t, "]")) brackets--;
        if (t->kind == TOKEN_COMMENT && !brackets) moved[moved_count++] = t;
        else kept[count++] = *t;
    }
    format_line *line = add_line(l, kept, depth, apart);
    line->count = count;
    if (moved_count) line->comment = moved[0];
    for (size_t k = 1; k < moved_count; k++) add_line(l, moved[k], depth + 1, false)->count = 1;
    return end + 1;
}

static size_t add_statement(lines *l, const token_list *list, size_t i, size_t depth, bool apart,
                            bool *opens) {
    size_t end = i, brackets = 0;
    *opens = false;
    for (; end < list->count && list->items[end].kind != TOKEN_LINE_END; end++) {
        const token *t = &list->items[end];
        if (is(l, t, "(") || is(l, t, "[")) brackets++;
        if (is(l, t, ")") || is(l, t, "]")) brackets--;
        if (is(l, t, "}")) break;
        if ((*opens = is(l, t, "{") && !brackets)) break;
    }
    if (*opens) return add_head(l, list, i, end, depth, apart);
    format_line *line = add_line(l, &list->items[i], depth, apart);
    line->count = end - i;
    while (line->count && line->tokens[line->count - 1].kind == TOKEN_COMMENT) line->count--, end--;
    return end < list->count && list->items[end].kind == TOKEN_LINE_END ? end + 1 : end;
}

/* A comment behind the last line. */
static bool stands_behind(const lines *l, const token *t) {
    if (t->kind != TOKEN_COMMENT || t->lines || !l->count) return false;
    const format_line *last = &l->items[l->count - 1];
    return !last->comment && last->tokens[0].kind != TOKEN_COMMENT;
}

static void find_lines(lines *l, const token_list *list) {
    size_t depth = 0;
    bool begins = true,
         model_ended = false; /* a block, or the file, begins; a model came to its end */
    for (size_t i = 0; i < list->count;) {
        const token *t = &list->items[i];
        if (t->kind == TOKEN_LINE_END) {
            i++;
            continue;
        }
        if (stands_behind(l, t)) {
            l->items[l->count - 1].comment = t;
            i++;
            continue;
        }
        bool apart = !begins && (t->lines > 1 || model_ended), opens = false;
        begins = model_ended = false;
        if (is(l, t, "}")) {
            model_ended = --depth == 0;
            add_line(l, t, depth, false)->count = 1;
            i++;
        } else if (t->kind == TOKEN_COMMENT) {
            add_line(l, t, depth, apart)->count = 1;
            i++;
        } else {
            i = add_statement(l, list, i, depth, apart, &opens);
            depth += opens;
            begins = opens;
        }
    }
}

/* --- layers, one below the other --- */

enum { WIDEST_NAME = 40 }; /* a longer one stands out, and the others are not moved for it */

static bool is_layer(const lines *l, const format_line *line) {
    return line->count > 2 && line->tokens[0].kind == TOKEN_WORD &&
           token_is(l->source, &line->tokens[0], "layer");
}

static size_t name_width(const format_line *line) {
    return line->tokens[1].where.end - line->tokens[1].where.begin;
}

static bool goes_on(const lines *l, size_t i) {
    return i < l->count && !l->items[i].apart &&
           (is_layer(l, &l->items[i]) || l->items[i].tokens[0].kind == TOKEN_COMMENT);
}

static void align_layers(lines *l) {
    for (size_t i = 0; i < l->count; i++) {
        if (!is_layer(l, &l->items[i])) continue;
        size_t end = i, width = 0;
        do {
            size_t own = is_layer(l, &l->items[end]) ? name_width(&l->items[end]) : 0;
            if (own > width && own <= WIDEST_NAME) width = own;
        } while (goes_on(l, ++end));
        for (; i < end; i++)
            if (is_layer(l, &l->items[i])) l->items[i].name_width = width;
        i--;
    }
}

/* --- the whole --- */

static const char *meaning(arena *a, const source *s, bool *fine) {
    diag_list *diags = diag_list_new(a, s);
    text dump = text_new(a);
    const ast_file *file = parse_file(a, s, diags);
    *fine = !diag_error_count(diags);
    ast_dump(file, &dump);
    return text_string(&dump);
}

void format_source(arena *a, const source *s, text *to) {
    token_list list = tokens_of(a, s);
    lines l = {.arena = a, .source = s};
    find_lines(&l, &list);
    align_layers(&l);
    for (size_t i = 0; i < l.count; i++) format_add_line(a, s, &l.items[i], to);
    source *made = source_from_text(a, s->path, text_string(to), to->length);
    bool fine, fine_too;
    const char *was = meaning(a, s, &fine), *is_now = meaning(a, made, &fine_too);
    if (!fine || !fine_too || strcmp(was, is_now) != 0)
        ice("formatting changed what %s says", s->path);
}
