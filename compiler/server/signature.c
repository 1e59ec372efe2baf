/* signature: see signature.h. */
#include "server/signature.h"

#include <string.h>

#include "support/text.h"

static const struct {
    const char *name, *text;
} signatures[] = {
#define SIGNATURE(name, text) {name, text},
#include "server/torch.def"
};

const char *signature_of_torch(const char *name) {
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++)
        if (strcmp(signatures[i].name, name) == 0) return signatures[i].text;
    return NULL;
}

const char *signature_of_nnc(arena *a, const catalogue_entry *e) {
    text t = text_new(a);
    bool optional = false;
    text_printf(&t, "%s(", e->name);
    for (size_t i = 0; i < e->count; i++) {
        const catalogue_argument *g = &e->arguments[i];
        text_printf(&t, "%s%s%s%s", i ? ", " : "", !g->required && !optional ? "[" : "",
                    g->variadic ? "*" : "", g->name);
        optional = optional || !g->required;
    }
    text_add(&t, optional ? "])" : ")");
    return text_string(&t);
}
