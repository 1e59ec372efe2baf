/* cursor: see cursor.h. */
#include "server/cursor.h"

#include <ctype.h>
#include <string.h>

enum { DEEPEST = 64 };

static bool in_name(char c) { return isalnum((unsigned char)c) || c == '_' || c == '.'; }

static const char *name_before(arena *a, const source *s, size_t end, size_t least) {
    size_t begin = end;
    while (begin > least && in_name(s->text[begin - 1])) begin--;
    return arena_strndup(a, s->text + begin, end - begin);
}

typedef struct {
    char bracket;
    size_t at;
} level;

cursor cursor_at(arena *a, const source *s, size_t offset) {
    cursor c = {.callee = ""};
    level levels[DEEPEST];
    size_t depth = 0;
    for (size_t i = 0; i < offset; i++) {
        char k = s->text[i];
        if (k == '#') {
            while (i < offset && s->text[i] != '\n') i++;
            c.in_comment = i == offset;
            if (c.in_comment) break;
            k = '\n';
        }
        if (k == '"' || k == '\'') {
            size_t begin = ++i;
            while (i < offset && s->text[i] != k && s->text[i] != '\n')
                i += s->text[i] == '\\' && i + 1 < offset ? 2 : 1;
            if (i >= offset) {
                c.in_string = true;
                c.string = begin;
            }
            continue;
        }
        if ((k == '(' || k == '[') && depth < DEEPEST) levels[depth++] = (level){k, i};
        if ((k == ')' || k == ']') && depth) depth--;
        if (k == '{' || k == '}') depth = 0;
        if (k == '{' || k == '}' || (k == '\n' && !depth)) c.statement = i + 1;
    }
    while (c.statement < offset && isspace((unsigned char)s->text[c.statement])) c.statement++;
    if (depth) {
        c.bracket = levels[depth - 1].bracket;
        c.opened = levels[depth - 1].at + 1;
        c.callee = name_before(a, s, levels[depth - 1].at, c.statement);
    }
    c.word = offset;
    while (c.word > c.statement && in_name(s->text[c.word - 1])) c.word--;
    size_t at = c.word;
    while (at > c.statement && isspace((unsigned char)s->text[at - 1])) at--;
    c.before = at > c.statement ? s->text[at - 1] : '\0';
    return c;
}

const char *cursor_word(arena *a, const source *s, const cursor *c, size_t offset, unsigned n) {
    size_t at = c->statement;
    for (unsigned i = 0;; i++) {
        while (at < offset && !in_name(s->text[at])) {
            if (strchr("\"'([", s->text[at])) return "";
            at++;
        }
        size_t begin = at;
        while (at < offset && in_name(s->text[at])) at++;
        if (begin == at) return "";
        if (i == n) return arena_strndup(a, s->text + begin, at - begin);
    }
}
