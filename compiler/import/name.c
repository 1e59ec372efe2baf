/* name: words of the language out of what an ONNX file calls its things. */
#include <ctype.h>

#include "import/interpret.h"
#include "import/write.h"

enum { LONGEST_WORD = 40, LONGEST_COMMENT = 80 };

/* No value or model may be called so: words of the language, reserved ones, and layers' and functions' would confuse.
 * What takes their place; NULL: the word with an underscore. */
static const struct {
    const char *word, *instead;
} reserved[] = {
    {"input", "x"},  {"output", "y"},   {"state", "memory"}, {"model", NULL},  {"dim", NULL},     {"weights", NULL},
    {"param", NULL}, {"layer", NULL},   {"from", NULL},      {"prefix", NULL}, {"true", NULL},    {"false", NULL},
    {"none", NULL},  {"True", NULL},    {"False", NULL},     {"None", NULL},   {"inf", NULL},     {"target", NULL},
    {"loss", NULL},  {"train", NULL},   {"import", NULL},    {"fn", NULL},     {"repeat", NULL},  {"if", NULL},
    {"until", NULL}, {"collect", NULL}, {"in", NULL},        {"as", NULL},     {"float32", NULL}, {"int32", NULL},
    {"bool", NULL},  {"and", NULL},     {"or", NULL},        {"not", NULL},
};

/* Letters, digits and single underscores of `wanted`, a letter in front; NULL where nothing is left. */
static const char *plain_word(arena *a, const char *wanted) {
    char word[LONGEST_WORD + 2];
    size_t length = 0;
    for (const char *s = wanted ? wanted : ""; *s && length < LONGEST_WORD; s++) {
        bool plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9');
        if (plain) word[length++] = *s;
        else if (length && word[length - 1] != '_') word[length++] = '_';
    }
    while (length && word[length - 1] == '_') length--;
    word[length] = '\0';
    if (!length) return NULL;
    return word[0] >= '0' && word[0] <= '9' ? arena_printf(a, "x%s", word) : arena_strdup(a, word);
}

const char *write_word(arena *a, const char *wanted, const char *otherwise) {
    const char *word = plain_word(a, wanted);
    for (size_t i = 0; word && i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(word, reserved[i].word) == 0)
            return reserved[i].instead ? reserved[i].instead : arena_printf(a, "%s_", word);
    return word ? word : otherwise;
}

/* Within a dotted name a part may be a word of the language, or a number. */
const char *write_layer_name(arena *a, const char *wanted, const char *otherwise) {
    text t = text_new(a);
    bool dotted = false;
    for (const char *s = wanted ? wanted : ""; *s;) {
        size_t length = strcspn(s, ".");
        const char *word = plain_word(a, arena_strndup(a, s, length));
        bool number = length && strspn(s, "0123456789") == length;
        if (word && t.length + strlen(word) < LONGEST_WORD && !(number && !t.length)) {
            dotted = t.length > 0;
            text_printf(&t, "%s%s", dotted ? "." : "", number ? word + 1 : word);
        }
        s += length + (s[length] == '.');
    }
    return dotted ? text_string(&t) : write_word(a, text_string(&t), otherwise);
}

const char *write_last_word(const char *layer_name) {
    const char *last = layer_name;
    for (const char *s = layer_name; (s = strchr(s, '.'));) {
        s++;
        if (*s < '0' || *s > '9') last = s;
    }
    return strchr(last, '.') ? "x" : last;
}

const char *write_comment(arena *a, const char *s) {
    text t = text_new(a);
    for (size_t i = 0; s[i] && i < LONGEST_COMMENT; i++) {
        char c = s[i] >= ' ' && s[i] < 127 ? s[i] : '?';
        text_add_n(&t, &c, 1);
    }
    return text_string(&t);
}

/* Whether a word says what the operator is and not what it is for: "MatMul", "LSTM_12", "call". */
static bool is_operator_name(const char *part, size_t length) {
    static const char *const others[] = {"node",        "BiasAdd",  "onnx", "then_branch",
                                         "else_branch", "Constant", "val",  "output"};
    static const char *const operators[] = {
#define OPERATOR(type, ...) type,
#include "import/ops.def"
    };
    while (length && isdigit((unsigned char)part[length - 1])) length--;
    if (length && part[length - 1] == '_') length--;
    char word[32];
    if (length == 0 || length >= sizeof word) return length == 0;
    memcpy(word, part, length);
    word[length] = '\0';
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(word, others[i]) == 0) return true;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(word, operators[i]) == 0) return true;
    return false;
}

const char *name_from_path(arena *a, const char *path) {
    /* inlined functions and branches of spox and onnxscript stand before "__": what comes behind is the name */
    for (const char *s = path; (s = strstr(s, "__")); path = ++s) continue;
    path += strspn(path, "_");
    /* the last part that is no operator's name; exporters of PyTorch write "/encoder/lstm/LSTM" */
    const char *best = NULL;
    size_t best_length = 0;
    for (const char *s = path; *s;) {
        size_t length = strcspn(s, "/:");
        const char *part = s;
        size_t own = length;
        if (own > 5 && strncmp(part, "node_", 5) == 0) part += 5, own -= 5;
        if (own && !is_operator_name(part, own)) {
            best = part;
            best_length = own;
        }
        s += length + (s[length] != '\0');
    }
    static const char *const endings[] = {".weight", ".bias", "_output_0"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t ending = strlen(endings[i]);
        if (best_length > ending && strncmp(best + best_length - ending, endings[i], ending) == 0)
            best_length -= ending;
    }
    return best && !is_operator_name(best, best_length) ? arena_strndup(a, best, best_length) : NULL;
}
