/* template: see template.h. */
#include "template.h"

const char *template_path_in(const template_file *f, const char *set) {
    size_t n = strlen(set);
    return strncmp(f->path, set, n) == 0 && f->path[n] == '/' ? f->path + n + 1 : NULL;
}

/* The variable that begins behind the first @, or NULL. */
static const template_variable *variable_at(const char *at, const char *end,
                                            const template_variable *variables) {
    for (const template_variable *v = variables; v->name; v++) {
        size_t n = strlen(v->name);
        if ((size_t)(end - at) > n + 1 && memcmp(at + 1, v->name, n) == 0 && at[n + 1] == '@')
            return v;
    }
    return NULL;
}

void template_fill(const char *bytes, size_t size, const template_variable *variables, text *to) {
    const char *end = bytes + size;
    for (const char *c = bytes; c < end;) {
        const template_variable *v = *c == '@' ? variable_at(c, end, variables) : NULL;
        if (v) text_add(to, v->value);
        else text_add_n(to, c, 1);
        c += v ? strlen(v->name) + 2 : 1;
    }
}
