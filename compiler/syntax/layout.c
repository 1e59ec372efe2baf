/* layout: the lexer's tokens -> the grammar's.
 *
 * What stands here is what a grammar says badly: which line ends end a statement; that `input` is a word of the
 * language where a statement begins and a name elsewhere; and where a bracket was forgotten. A forgotten bracket is
 * reported here and then put in, so that the grammar always sees brackets in pairs and the statements behind it are
 * read as they were meant.
 */
#include <string.h>

#include "syntax/parser.h"
#include "syntax/words.h"

#include "nnc.tab.h"

int nnc_raw_lex(NNC_STYPE *value, span *where, void *scanner);
int nnc_lex(NNC_STYPE *value, span *where, parser *p);

typedef struct {
    int kind;
    NNC_STYPE value;
    span where;
} token;

typedef enum {
    ROUND,      /* ( */
    SQUARE,     /* [ */
    BLOCK,      /* { of a model or of a repeat: lines in it are statements */
    STRAY_BRACE /* { where none belongs: reported, and then just a bracket */
} opener_kind;

typedef struct {
    opener_kind kind;
    span where;
    unsigned chain; /* of what is around it */
} opener;

enum { MAX_QUEUE = 4 };

struct layout {
    parser *p;
    token queue[MAX_QUEUE]; /* read ahead, first first */
    size_t queued;
    opener *openers; /* the innermost last */
    size_t opener_count, opener_capacity;
    unsigned chain;     /* signs and powers in a row, which nest from the right */
    bool told_deep;     /* of the brackets and blocks that are open: once, not for each statement in them */
    bool closing;       /* brackets were forgotten: they are put in one by one, and a line end behind them */
    bool closing_model; /* so was the } of a model */
    layout_context at;  /* of the last token given to the grammar */
    size_t given;       /* tokens of this statement so far */
    size_t statement_indent;
};

layout *layout_new(parser *p) {
    layout *l = ARENA_NEW(p->arena, layout);
    l->p = p;
    return l;
}

layout_context layout_where(const layout *l) { return l->at; }

/* ---- reading ahead ---- */

static token raw(layout *l) {
    token t = {0};
    t.kind = nnc_raw_lex(&t.value, &t.where, l->p->scanner);
    if (t.kind == END) t.where = (span){l->p->source->size, l->p->source->size};
    return t;
}

static token take(layout *l) {
    if (!l->queued) return raw(l);
    token t = l->queue[0];
    l->queued--;
    memmove(l->queue, l->queue + 1, l->queued * sizeof *l->queue);
    return t;
}

static void put_back(layout *l, token t) {
    if (l->queued == MAX_QUEUE) ice("the layout put back too many tokens");
    memmove(l->queue + 1, l->queue, l->queued * sizeof *l->queue);
    l->queue[0] = t;
    l->queued++;
}

static int peek(layout *l) {
    if (!l->queued) l->queue[l->queued++] = raw(l);
    return l->queue[0].kind;
}

/* ---- brackets ---- */

static const opener *innermost(const layout *l) { return l->opener_count ? &l->openers[l->opener_count - 1] : NULL; }

/* Inside of these a line may go on. */
static bool in_brackets(const layout *l) {
    const opener *o = innermost(l);
    return o && o->kind != BLOCK;
}

static void push(layout *l, opener_kind kind, span where) {
    opener o = {kind, where, l->chain};
    ARENA_PUSH(l->p->arena, l->openers, l->opener_count, l->opener_capacity, o);
    l->chain = 0;
}

static void pop(layout *l) { l->chain = l->openers[--l->opener_count].chain; }

static const char *closer_of(opener_kind kind) { return kind == ROUND ? ")" : kind == SQUARE ? "]" : "}"; }

static const char *opener_of(opener_kind kind) { return kind == ROUND ? "(" : kind == SQUARE ? "[" : "{"; }

static span behind_previous(const layout *l) { return (span){l->at.where.end, l->at.where.end}; }

static void report_unclosed(layout *l, const char *found) {
    const opener *o = innermost(l);
    if (l->p->statement_broken) return;
    l->p->statement_broken = true;
    diag *e = diag_error(l->p->diags, behind_previous(l), "expected '%s' before %s", closer_of(o->kind), found);
    diag_note(e, o->where, "it closes this '%s'", opener_of(o->kind));
}

/* The closing token of the innermost bracket, where there is none in the text. */
static token forgotten_closer(layout *l) {
    token t = {.where = behind_previous(l)};
    opener_kind kind = innermost(l)->kind;
    /* A stray brace was INVALID, and so is its end. */
    t.kind = kind == ROUND ? ')' : kind == SQUARE ? ']' : kind == BLOCK ? '}' : INVALID;
    pop(l);
    return t;
}

/* ---- where a statement begins ---- */

static bool at_statement_start(const layout *l) {
    int last = l->at.token;
    return !in_brackets(l) && (last == 0 || last == NEWLINE || last == '{' || last == '}');
}

typedef struct {
    const char *text;
    int kind;
} word;

/* Words that begin a statement. */
static const word words[] = {
    {"model", MODEL},    {"dim", DIM},         {"weights", WEIGHTS}, {"input", INPUT},     {"state", STATE},
    {"param", PARAM},    {"layer", LAYER},     {"output", OUTPUT},   {"import", RESERVED}, {"fn", RESERVED},
    {"repeat", REPEAT},  {"if", RESERVED},
    {"def", PYTHON},     {"class", PYTHON},    {"return", PYTHON},   {"from", PYTHON},     {"with", PYTHON},
    {"for", PYTHON},     {"while", PYTHON},    {"pass", PYTHON},     {"assert", PYTHON},   {"super", PYTHON},
    {"else", PYTHON},    {"elif", PYTHON},     {"try", PYTHON},      {"except", PYTHON},   {"print", PYTHON},
};
/* Words only where a name follows; elsewhere they are names like any other. */
static const word words_before_names[] = {
    {"collect", COLLECT}, {"target", TARGET}, {"loss", LOSS}, {"train", TRAIN},
};
enum { WORDS_BEFORE_NAMES = sizeof words_before_names / sizeof *words_before_names };

/* Words behind the head of a statement, outside of brackets: `from` behind layer NAME = Kind(…) and param NAME: TYPE[…]
 * only, `as` behind the former, `prefix` behind weights "FILE", `in` and `until` in the head of a repeat. */
static const struct {
    int statement;
    word word;
} tail_words[] = {
    {LAYER, {"from", FROM}},    {LAYER, {"as", AS}},          {PARAM, {"from", FROM}}, {REPEAT, {"in", IN}},
    {REPEAT, {"until", UNTIL}}, {WEIGHTS, {"prefix", PREFIX}},
};

/* The kind of a word that begins a statement; NAME when it is none. */
static int word_kind(const char *name) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].text, name) == 0) return words[i].kind;
    return NAME;
}

const char *const *syntax_statement_words(arena *a, size_t *count) {
    const char **names = ARENA_ARRAY(a, const char *, sizeof words / sizeof *words + WORDS_BEFORE_NAMES);
    *count = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].kind != RESERVED && words[i].kind != PYTHON) names[(*count)++] = words[i].text;
    for (size_t i = 0; i < WORDS_BEFORE_NAMES; i++) names[(*count)++] = words_before_names[i].text;
    return names;
}

const char *const *syntax_tail_words(arena *a, size_t *count) {
    const char **names = ARENA_ARRAY(a, const char *, sizeof tail_words / sizeof *tail_words);
    *count = 0;
    for (size_t i = 0; i < sizeof tail_words / sizeof *tail_words; i++) {
        bool again = false;
        for (size_t k = 0; k < *count; k++) again = again || strcmp(names[k], tail_words[i].word.text) == 0;
        if (!again) names[(*count)++] = tail_words[i].word.text;
    }
    return names;
}

bool layout_is_statement_word(const char *name) {
    int kind = word_kind(name);
    return kind != NAME && kind != PYTHON;
}

/* Words of Python are names like any other, if they are bound. */
static bool may_be_bound(int next) { return next == '=' || next == ',' || next == ':'; }

static size_t indent_of(const layout *l, span where) {
    size_t begin = where.begin;
    while (begin > 0 && l->p->source->text[begin - 1] != '\n') begin--;
    return where.begin - begin;
}

static bool ends_operand(int kind) {
    return kind == NAME || kind == INTEGER || kind == REAL || kind == STRING || kind == BOOL || kind == NONE ||
           kind == ')' || kind == ']' || kind == ELLIPSIS || kind == INVALID;
}

/* Whether t, the first token of a line inside of brackets, must be that of a new statement: then a bracket was
 * forgotten. Two operands in a row never make sense; whether a bracket or a comma is missing between them, the
 * indentation tells. */
static bool begins_statement(layout *l, const token *t) {
    if (t->kind != NAME && t->kind != '(') return false;
    int kind = t->kind == NAME ? word_kind(t->value.NAME.text) : NAME;
    if (kind != NAME && kind != RESERVED && kind != PYTHON && (peek(l) == NAME || peek(l) == STRING)) return true;
    return ends_operand(l->at.token) && indent_of(l, t->where) <= l->statement_indent;
}

static int tail_word_kind(const layout *l, const char *name) {
    if (l->given < 2 || in_brackets(l)) return NAME;
    for (size_t i = 0; i < sizeof tail_words / sizeof *tail_words; i++)
        if (tail_words[i].statement == l->at.statement_first && strcmp(name, tail_words[i].word.text) == 0)
            return tail_words[i].word.kind;
    return NAME;
}

static token begin_statement(layout *l, token t) {
    l->p->statement_broken = false;
    l->chain = 0;
    l->given = 0;
    l->at.statement_where = t.where;
    l->statement_indent = indent_of(l, t.where);
    if (t.kind == NAME) {
        int kind = word_kind(t.value.NAME.text);
        if (kind != PYTHON || !may_be_bound(peek(l))) t.kind = kind;
        for (size_t i = 0; i < WORDS_BEFORE_NAMES && peek(l) == NAME; i++)
            if (strcmp(t.value.NAME.text, words_before_names[i].text) == 0) t.kind = words_before_names[i].kind;
    }
    l->at.statement_first = t.kind;
    return t;
}

/* ---- the tokens, one kind at a time ---- */

/* ')' or ']' */
static token close_bracket(layout *l, token t) {
    opener_kind kind = t.kind == ')' ? ROUND : SQUARE;
    const opener *o = innermost(l);
    if (o && o->kind == kind) {
        pop(l);
        return t;
    }
    for (size_t i = l->opener_count; i-- > 0 && l->openers[i].kind != BLOCK;) {
        if (l->openers[i].kind != kind) continue;
        report_unclosed(l, t.kind == ')' ? "')'" : "']'");
        put_back(l, t);
        return forgotten_closer(l);
    }
    if (!l->p->statement_broken) diag_error(l->p->diags, t.where, "this '%s' closes nothing", closer_of(kind));
    t.kind = INVALID;
    return t;
}

static token open_brace(layout *l, token t) {
    int first = l->at.statement_first;
    bool behind_head = first == MODEL || first == REPEAT || first == RESERVED;
    if (!in_brackets(l) && l->given && behind_head) {
        push(l, BLOCK, t.where);
        return t;
    }
    if (!l->p->statement_broken)
        diag_error(l->p->diags, t.where, "'{' can only stand behind 'model NAME' or the head of a repeat");
    push(l, STRAY_BRACE, t.where);
    t.kind = INVALID;
    return t;
}

static token close_brace(layout *l, token t) {
    const opener *o = innermost(l);
    if (!o) return t; /* the grammar reports it */
    if (o->kind == STRAY_BRACE) t.kind = INVALID;
    pop(l);
    return t;
}

/* `model NAME` while a model is still open: its } is missing. */
static bool model_is_open(layout *l, const token *t) {
    if (t->kind != MODEL || peek(l) != NAME || !l->opener_count) return false;
    diag *e = diag_error(l->p->diags, t->where, "expected '}' before the next model");
    diag_note(e, innermost(l)->where, "it closes this '{'");
    l->closing_model = true;
    return true;
}

/* Lines that are an error as a whole are not looked at any closer. */
static bool in_rejected_line(const layout *l) {
    return l->at.statement_first == RESERVED || l->at.statement_first == PYTHON;
}

static token unknown(layout *l, token t) {
    if (!in_rejected_line(l)) lexical_error(l->p, t.where, l->at.token);
    /* x ^ 2 is read as the power that is meant, so that the rest of the statement is looked at */
    bool is_power = l->p->source->text[t.where.begin] == '^' && t.where.end == t.where.begin + 1;
    t.kind = is_power && ends_operand(l->at.token) ? POW : INVALID;
    return t;
}

/* `self.lstm`, pasted from Python, is reported and then read as `lstm`. */
static void drop_self(layout *l, token *t) {
    ast_name *name = &t->value.NAME;
    if (strncmp(name->text, "self.", 5) != 0 || in_rejected_line(l)) return;
    diag *e = diag_error(l->p->diags, t->where, "there is no self in a .nn file");
    name->text += 5;
    name->where.begin += 5;
    diag_hint(e, "write %.60s", name->text);
}

/* Brackets, signs and powers in a row make the grammar's stack grow. Any other operator between two operands ends such
 * a row: a chain of + or - is no nesting. */
static token limit_depth(layout *l, token t) {
    static const int others[] = {'+', '-', '*', '/', FLOORDIV, '%', '@', '&', '|', ',', '=', ':'};
    bool is_other = false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) is_other = is_other || t.kind == others[i];
    if (t.kind == '~' || t.kind == POW || (t.kind == '-' && !ends_operand(l->at.token))) l->chain++;
    else if (is_other) l->chain = 0;
    bool closes = t.kind == ')' || t.kind == ']' || t.kind == '}'; /* and stands as deep as its opener did */
    bool open = l->opener_count + closes > AST_MAX_DEPTH, told = open && l->told_deep;
    bool too_deep = open || l->chain > AST_MAX_DEPTH, tell = too_deep && !told && !l->p->statement_broken;
    if (tell) diag_error(l->p->diags, t.where, "this is nested more than %d deep", AST_MAX_DEPTH);
    l->told_deep = open && (told || tell);
    if (!too_deep) return t;
    t.kind = INVALID;
    return t;
}

/* The end of the file closes what is open, from the inside. */
static token end_of_file(layout *l, token t) {
    if (!at_statement_start(l)) {
        put_back(l, t);
        return (token){.kind = NEWLINE, .where = behind_previous(l)};
    }
    if (l->opener_count) {
        if (!l->closing_model) {
            span last = l->at.token == NEWLINE ? l->at.where : behind_previous(l);
            diag *e = diag_error(l->p->diags, last, "expected '}' before the end of the file");
            diag_note(e, innermost(l)->where, "it closes this '{'");
        }
        l->closing_model = true;
        put_back(l, t);
        return forgotten_closer(l);
    }
    return t;
}

/* The next token that is not a line end without a meaning. */
static token skip_line_ends(layout *l, bool *new_line) {
    token t = take(l);
    *new_line = false;
    while (t.kind == NEWLINE && (in_brackets(l) || at_statement_start(l))) {
        *new_line = true;
        t = take(l);
    }
    if (t.kind == NEWLINE && l->at.statement_first == MODEL) {
        /* The { of a model may stand on the next line. */
        while (peek(l) == NEWLINE) take(l);
        if (peek(l) == '{') return take(l);
    }
    return t;
}

/* Closers that are due for brackets that were forgotten. False when there is none left. */
static bool close_forgotten(layout *l, token *t) {
    bool due = l->closing ? in_brackets(l) : l->closing_model && l->opener_count;
    if (due) *t = forgotten_closer(l);
    else if (l->closing) *t = (token){.kind = NEWLINE, .where = behind_previous(l)};
    if (due) return true;
    bool line_end = l->closing && peek(l) != '}';
    l->closing = l->closing_model = false;
    return line_end;
}

/* Whether t shows that a bracket before it was forgotten; then that is reported. */
static bool shows_forgotten(layout *l, token *t, bool new_line) {
    if (!in_brackets(l)) return false;
    const char *found = NULL;
    if (t->kind == END) found = "the end of the file";
    else if (t->kind == '}' && innermost(l)->kind != STRAY_BRACE) found = "'}'";
    else if (new_line && begins_statement(l, t)) found = "the end of the line";
    if (found) report_unclosed(l, found);
    return found != NULL;
}

static token next(layout *l) {
    token t;
    if (close_forgotten(l, &t)) return t;

    bool new_line;
    t = skip_line_ends(l, &new_line);
    if (shows_forgotten(l, &t, new_line)) {
        put_back(l, t);
        l->closing = true;
        return forgotten_closer(l);
    }
    if (t.kind == END) return end_of_file(l, t);
    if (t.kind == NEWLINE) return (token){.kind = NEWLINE, .where = behind_previous(l)};

    if (at_statement_start(l) && t.kind != '}') {
        t = begin_statement(l, t);
        if (model_is_open(l, &t)) {
            t.kind = NAME; /* it becomes a word again when it is taken again */
            put_back(l, t);
            return forgotten_closer(l);
        }
    } else if (t.kind == NAME) {
        t.kind = tail_word_kind(l, t.value.NAME.text);
    }
    switch (t.kind) {
    case NAME: drop_self(l, &t); break;
    case UNKNOWN: t = unknown(l, t); break;
    case '(': push(l, ROUND, t.where); break;
    case '[': push(l, SQUARE, t.where); break;
    case '{': t = open_brace(l, t); break;
    case ')':
    case ']': t = close_bracket(l, t); break;
    case '}': t = close_brace(l, t); break;
    default: break;
    }
    return limit_depth(l, t);
}

int nnc_lex(NNC_STYPE *value, span *where, parser *p) {
    layout *l = p->layout;
    bool was_in_brackets = in_brackets(l);
    span opener_before = was_in_brackets ? innermost(l)->where : (span){0, 0};
    token t = next(l);
    if (t.kind == INVALID) p->statement_broken = true;
    l->at.previous = l->at.token;
    l->at.previous_where = l->at.where;
    l->at.token = t.kind;
    l->at.where = t.where;
    l->at.place = l->given++;
    l->at.in_brackets = was_in_brackets;
    l->at.opener = opener_before;
    *value = t.value;
    *where = t.where;
    return t.kind;
}
