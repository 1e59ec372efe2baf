/* tokens: the layout's tokens, and the comments between them. */
#include "syntax/tokens.h"

#include <string.h>

#include "syntax/parser.h"

#include "nnc.tab.h"

int nnc_lex(NNC_STYPE *value, span *where, parser *p);

bool token_is(const source *s, const token *t, const char *written) {
    size_t length = t->where.end - t->where.begin;
    return strlen(written) == length && memcmp(s->text + t->where.begin, written, length) == 0;
}

static bool is_word(const source *s, span where) {
    char c = s->text[where.begin];
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool ends_operand(const source *s, const token *before) {
    if (!before) return false;
    switch (before->kind) {
    case TOKEN_NAME:
    case TOKEN_LITERAL:
    case TOKEN_STRING: return true;
    case TOKEN_MARK:
        return token_is(s, before, ")") || token_is(s, before, "]") || token_is(s, before, "...");
    default: return false;
    }
}

static token_kind kind_of(const source *s, int kind, span where, const token *before) {
    switch (kind) {
    case NAME: return TOKEN_NAME;
    case INTEGER:
    case REAL:
    case BOOL:
    case NONE: return TOKEN_LITERAL;
    case STRING: return TOKEN_STRING;
    case NEWLINE: return TOKEN_LINE_END;
    default: break;
    }
    if (is_word(s, where)) return TOKEN_WORD;
    char c = s->text[where.begin];
    if (strchr("=:,.(){}[]", c) && kind != EQUAL) return TOKEN_MARK;
    return (c == '-' || c == '~') && !ends_operand(s, before) ? TOKEN_SIGN : TOKEN_OPERATOR;
}

static void add(arena *a, token_list *to, token_kind kind, span where, size_t lines) {
    token t = {kind, where, lines};
    ARENA_PUSH(a, to->items, to->count, to->capacity, t);
}

/* Between two tokens there is nothing but blanks, line ends and comments. Gives the line ends
 * behind the last comment. */
static size_t add_comments(arena *a, const source *s, size_t from, size_t to, token_list *list) {
    size_t lines = 0;
    for (size_t i = from; i < to; i++) {
        if (s->text[i] == '\n') lines++;
        if (s->text[i] != '#') continue;
        size_t begin = i, end = i;
        for (; i < to && s->text[i] != '\n'; i++)
            if (!strchr(" \t\f\r", s->text[i])) end = i + 1;
        add(a, list, TOKEN_COMMENT, (span){begin, end}, lines);
        lines = 0;
        i--;
    }
    return lines;
}

token_list tokens_of(arena *a, const source *s) {
    parser p = {.arena = a, .source = s, .diags = diag_list_new(a, s)};
    token_list list = {0};
    const token *before = NULL;
    size_t behind = 0;
    parser_begin(&p);
    for (;;) {
        NNC_STYPE value;
        span where;
        int kind = nnc_lex(&value, &where, &p);
        size_t lines = add_comments(a, s, behind, kind == END ? s->size : where.begin, &list);
        if (kind == END) break;
        add(a, &list, kind_of(s, kind, where, before), where, lines);
        before = &list.items[list.count - 1];
        behind = where.end;
    }
    parser_end(&p);
    if (diag_error_count(p.diags)) ice("tokens of a file with errors: %s", s->path);
    return list;
}
