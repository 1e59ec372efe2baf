/* format_line: where blanks stand, and where a line breaks. */
#include "syntax/format_line.h"

enum { COLUMNS = 100, COMMENT_COLUMN = 50, DEEPEST_INDENT = 60, INDENT = 4 };

/* A bracket that is open. */
typedef struct {
    bool round;    /* ( */
    bool indexes;  /* [ of an index or a shape, not of a list */
    size_t indent; /* of lines that begin in it */
} bracket;

/* A token on its way out. */
typedef struct {
    const char *text;
    size_t width;
    bool blank;     /* one stands before it */
    bool may_break; /* a line may begin with it */
    bool is_comment;
    bool opens, closes;
    size_t depth; /* of brackets around it */
} piece;

typedef struct {
    arena *arena;
    const source *source;
    bracket *open; /* as many as there are tokens, at most */
    size_t depth;
} state;

/* --- what a token is --- */

static bool is(const state *s, const token *t, const char *mark) {
    return t->kind == TOKEN_MARK && token_is(s->source, t, mark);
}

static bool is_operand(const state *s, const token *t) {
    return t->kind == TOKEN_NAME || t->kind == TOKEN_STRING || is(s, t, ")") || is(s, t, "]");
}

static bool opens(const state *s, const token *t) { return is(s, t, "(") || is(s, t, "["); }
static bool closes(const state *s, const token *t) { return is(s, t, ")") || is(s, t, "]"); }
static const bracket *innermost(const state *s) { return s->depth ? &s->open[s->depth - 1] : NULL; }

static bool is_comparison(const state *s, const token *t) {
    return strchr("=!<>&|", s->source->text[t->where.begin]) != NULL;
}

/* 1. .. 2 must not become 1...2. */
static bool has_point(const state *s, const token *t) {
    return t->kind == TOKEN_LITERAL &&
           memchr(s->source->text + t->where.begin, '.', t->where.end - t->where.begin);
}

/* An operator, a colon or an equals sign that stands without blanks here. */
static bool is_tight(const state *s, const token *t) {
    const bracket *b = innermost(s);
    if (t->kind == TOKEN_OPERATOR) return b && b->indexes && !is_comparison(s, t);
    if (is(s, t, "..")) return true;
    if (is(s, t, "=")) return b && b->round;
    return is(s, t, ":") && b && !b->round;
}

/* s is within the brackets that t stands in, or closes. */
static bool blank_before(const state *s, const token *before, const token *t) {
    if ((is(s, t, "..") && has_point(s, before)) || (is(s, before, "..") && has_point(s, t)))
        return true;
    if (is(s, t, ",") || closes(s, t) || opens(s, before) || is_tight(s, before))
        return false;
    if (is(s, before, ",")) return true; /* x[:, :, 1] */
    if (is_tight(s, t)) return false;
    if (before->kind == TOKEN_SIGN) return false;
    if (is(s, t, ":")) return false;
    if (opens(s, t)) return !is_operand(s, before);
    return true;
}

/* --- its text --- */

static const char *python_word(const state *s, const token *t) {
    static const char *const words[] = {"True", "False", "None"}, *const own[] = {"true", "false",
                                                                                  "none"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (token_is(s->source, t, own[i])) return words[i];
    return NULL;
}

static const char *text_of(const state *s, const token *t) {
    const char *python = t->kind == TOKEN_LITERAL ? python_word(s, t) : NULL;
    if (python) return python;
    char *c =
        arena_strndup(s->arena, s->source->text + t->where.begin, t->where.end - t->where.begin);
    if (t->kind == TOKEN_STRING && *c == '\'' && !strpbrk(c, "\"\\")) *c = c[strlen(c) - 1] = '"';
    return c;
}

/* Columns are characters. */
static size_t width_of(const char *s) {
    size_t width = 0;
    for (; *s; s++) width += ((unsigned char)*s & 0xC0) != 0x80;
    return width;
}

/* --- pieces --- */

static piece piece_of(state *s, const token *before, const token *t) {
    const bracket *b = innermost(s);
    piece p = {.text = text_of(s, t),
               .is_comment = t->kind == TOKEN_COMMENT,
               .opens = opens(s, t),
               .closes = closes(s, t)};
    p.width = width_of(p.text);
    if (!before) return p;
    p.blank = blank_before(s, before, t);
    bool behind_operator = before->kind == TOKEN_OPERATOR && b && b->round;
    p.may_break = s->depth && !p.closes && (is(s, before, ",") || behind_operator);
    return p;
}

static piece *pieces_of(state *s, const format_line *line) {
    piece *pieces = ARENA_ARRAY(s->arena, piece, line->count + 1);
    const token *before = NULL; /* the last one that is no comment */
    for (size_t i = 0; i < line->count; i++) {
        const token *t = &line->tokens[i];
        pieces[i] = piece_of(s, before, t);
        if (pieces[i].closes) s->depth--;
        pieces[i].depth = s->depth;
        if (pieces[i].opens)
            s->open[s->depth++] =
                (bracket){.round = is(s, t, "("),
                          .indexes = is(s, t, "[") && before && is_operand(s, before)};
        if (t->kind != TOKEN_COMMENT) before = t;
    }
    return pieces;
}

/* --- lines --- */

/* Of what cannot be parted from piece i without a break further out: up to the next place to break, or so far that it
 * is more than a line. */
static size_t chunk_width(const piece *pieces, size_t count, size_t i) {
    size_t width = 0;
    for (size_t k = i; k < count && !pieces[k].is_comment && width <= COLUMNS; k++) {
        if (k > i && pieces[k].may_break && pieces[k].depth <= pieces[i].depth) break;
        width += pieces[k].width + (k > i && pieces[k].blank);
    }
    return width;
}

static void add_comment(text *to, size_t column, const char *comment) {
    size_t at = column < COMMENT_COLUMN - 1 ? COMMENT_COLUMN : column + 2;
    text_printf(to, "%*s%s", (int)(at - column), "", comment);
}

static void begin_line(text *to, size_t indent) { text_printf(to, "\n%*s", (int)indent, ""); }

void format_add_line(arena *a, const source *from, const format_line *line, text *to) {
    state s = {.arena = a, .source = from, .open = ARENA_ARRAY(a, bracket, line->count + 1)};
    const piece *pieces = pieces_of(&s, line);
    size_t indent = INDENT * line->depth, column = indent,
           begin = indent; /* begin: of the line that is written */
    bool broken = false;   /* a comment ended the line */
    if (line->apart) text_add(to, "\n");
    text_printf(to, "%*s", (int)indent, "");
    for (size_t i = 0; i < line->count; i++) {
        const piece *p = &pieces[i];
        size_t inner = p->depth ? s.open[p->depth - 1].indent : indent;
        bool own_line = p->is_comment && i && line->tokens[i].lines;
        if (p->is_comment && i && !own_line && !broken) {
            add_comment(to, column, p->text);
            broken = true;
            continue;
        }
        bool too_long = p->may_break && column > inner &&
                        column + p->blank + chunk_width(pieces, line->count, i) > COLUMNS;
        if (broken || own_line || too_long) {
            begin_line(to, inner);
            column = begin = inner;
        } else if (p->blank) {
            text_add(to, " ");
            column++;
        }
        broken = p->is_comment && i;
        text_add(to, p->text);
        column += p->width;
        if (i == 1 && line->name_width > p->width) {
            text_printf(to, "%*s", (int)(line->name_width - p->width), "");
            column += line->name_width - p->width;
        }
        if (p->opens)
            s.open[p->depth].indent = column <= DEEPEST_INDENT ? column : begin + 2 * INDENT;
    }
    if (line->comment) add_comment(to, column, text_of(&s, line->comment));
    text_add(to, "\n");
}
