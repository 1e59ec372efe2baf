/* command_option: see command_option.h. */
#include "command_option.h"

#include <stdio.h>
#include <string.h>

enum { COLUMN = 26 };

void command_option_help(const command_option *o, text *to) {
    const char *letter = o->letter ? (char[]){'-', o->letter, ',', '\0'} : "   ";
    size_t begin = to->length;
    text_printf(to, "  %s --%s%s%s", letter, o->name, o->argument ? " " : "", o->argument ? o->argument : "");
    int width = (int)(to->length - begin);
    if (width >= COLUMN) text_add(to, "\n");
    text_printf(to, "%*s", width >= COLUMN ? COLUMN : COLUMN - width, "");
    for (const char *c = o->meaning; *c; c++) {
        text_add_n(to, c, 1);
        if (*c == '\n') text_printf(to, "%*s", COLUMN, "");
    }
    text_add(to, "\n");
}

void command_option_getopt(const command_option *o, int value, struct option **to, char *letters) {
    if (o->name)
        *(*to)++ = (struct option){o->name, o->argument ? required_argument : no_argument, NULL, value};
    if (o->letter) sprintf(letters + strlen(letters), "%c%s", o->letter, o->argument ? ":" : "");
}

bool command_option_lacks_name(const command_option *o, const char *value) {
    return o->argument && !*value && (strcmp(o->argument, "FILE") == 0 || strcmp(o->argument, "DIR") == 0);
}
