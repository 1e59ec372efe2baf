/* hints: see hints.h; the table is hints.def. */
#include "syntax/hints.h"

#include <stdbool.h>

typedef struct {
    const char *hint, *names;
} row;

static const row rows[] = {
#define HINT(hint, names) {hint, " " names " "},
#include "syntax/hints.def"
};

static const row arguments[] = {
    {"it is called dim", " axis "},
    {"it is called dim, or dims", " axes "},
    {"Keras's units are hidden_size, or out_features of a Linear", " units "},
    {"out holds all steps; the last one of [T, B, H] is out[-1]", " return_sequences "},
    {"a layer always gives its states: out, (h, c) = …, or out, h = … of a GRU", " return_state "},
    {"what is kept from one run to the next is a state NAME: float32[…]", " stateful "},
    {"it is called bias", " use_bias "},
    {"leave it out: values do not change in place", " inplace "},
    {"leave it out: at inference it changes nothing", " training "},
    {"it is written behind the layer: layer fc = Linear(8, 4) as int8",
     " weights quant quantize quantized bits weights_type "},
    {"it is called num_layers", " n_layers nlayers "},
    {"pad in front: conv(pad(x, (kernel_size - 1, 0))), with padding=0", " causal "},
    {"the program calls NAME_train, as often and with what it likes", " epochs batch_size n_epochs num_epochs "},
};

static bool has_word(const char *words, const char *word) {
    size_t length = strlen(word);
    for (const char *at = words; length && (at = strstr(at, word)); at++)
        if (at[-1] == ' ' && at[length] == ' ') return true;
    return false;
}

static const char *find(const row *from, size_t count, const char *word) {
    for (size_t i = 0; i < count; i++)
        if (has_word(from[i].names, word)) return from[i].hint;
    return NULL;
}

const char *hint_for(const char *name) {
    const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;
    size_t length = strlen(last);
    if (strchr(last, ' ')) return NULL;
    const char *hint = find(rows, sizeof rows / sizeof *rows, last);
    if (hint || length < 2 || last[length - 1] != '_' || last[length - 2] == '_') return hint;
    return "values do not change in place: write it without the _ at its end, and bind what it gives: x = …";
}

const char *hint_for_argument(const char *name) {
    return find(arguments, sizeof arguments / sizeof *arguments, name);
}

const char *const *hint_names(arena *a, size_t *count) {
    const char **names = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (const char *at = rows[i].names + 1; *at;) {
            size_t length = strcspn(at, " ");
            const char *name = arena_strndup(a, at, length);
            ARENA_PUSH(a, names, *count, capacity, name);
            at += length + 1;
        }
    }
    return names;
}
