/* cprint_words: what both code and tables are printed with: numbers, declarators and comments. */
#include <stdlib.h>
#include <string.h>

#include "ctree/ctree_nodes.h"

/* "1e-05" -> "1e-5", "1e+08" -> "1e8" */
static void shorten_exponent(char *number) {
    char *from = strchr(number, 'e');
    if (!from) return;
    char *to = ++from;
    if (*from == '-') to++;
    from++;
    while (*from == '0') from++;
    memmove(to, from, strlen(from) + 1);
}

void cfloat_print(float value, char *to) {
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(to, 32, "%.*g", digits, (double)value);
        if (strtof(to, NULL) == value) break;
    }
    shorten_exponent(to);
    if (!strpbrk(to, ".e")) strcat(to, ".0");
    strcat(to, "f");
}

void cdouble_print(double value, char *to) {
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(to, 40, "%.*g", precision, value);
        if (strtod(to, NULL) == value) break;
    }
    shorten_exponent(to);
    if (!strpbrk(to, ".e")) strcat(to, ".0");
}

void cdeclarator_add(text *to, const char *type, const char *name) {
    size_t n = strlen(type);
    text_printf(to, n && (type[n - 1] == '*' || type[n - 1] == ' ') ? "%s%s" : "%s %s", type, name);
}

const char *c_comment_words(arena *a, const char *words) {
    text to = text_new(a);
    char last = 0;
    for (const char *c = words; *c; c++) {
        bool breaks = (last == '*' && *c == '/') || (last == '/' && *c == '*');
        if (breaks) text_add(&to, " ");
        if ((unsigned char)*c >> 6 == 2) continue; /* the rest of a UTF-8 character */
        last = *c == '\n' || (*c >= ' ' && *c <= '~') ? *c : '?';
        text_add_n(&to, &last, 1);
    }
    return text_string(&to);
}

void ccomment_print(FILE *to, int indent, const char *comment) {
    arena *a = arena_new();
    const char *words = c_comment_words(a, comment);
    size_t room = (size_t)(C_WIDTH - indent - 6);
    bool first = true;
    while (*words) {
        size_t n = strcspn(words, "\n");
        if (n > room) {
            n = room;
            while (n > 0 && words[n] != ' ') n--;
            if (n == 0) n = strcspn(words, " \n");
        }
        fprintf(to, "%*s%s%.*s", indent, "", first ? "/* " : n ? " * " : " *", (int)n, words);
        words += n;
        if (*words == ' ' || *words == '\n') words++;
        fputs(*words ? "\n" : " */\n", to);
        first = false;
    }
    arena_free(a);
}
