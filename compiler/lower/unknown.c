/* unknown: names that stand for nothing: what is reported, and what was probably meant. */
#include <strings.h>

#include "syntax/hints.h"
#include "syntax/words.h"
#include "lower/lowering.h"

static const ast_stmt *declared_below(lowering *l, const ast_name *name, bool is_layer) {
    const ast_stmt *s = scope_find(l->declared[is_layer], name->text);
    return s && s->where.begin > name->where.begin ? s : NULL;
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether a statement that did not parse may have made this name: then it stands somewhere before. */
static bool may_be_lost(lowering *l, const ast_name *name) {
    enum { ENOUGH_SEARCHES = 1000 };
    size_t length = strlen(name->text);
    if (!l->incomplete) return false;
    if (l->searches++ > ENOUGH_SEARCHES) return true; /* the text can be long, and all of it unknown scope */
    const char *all = l->source->text;
    for (const char *at = all; (at = strstr(at, name->text)) && at < all + name->where.begin; at++)
        if ((at == all || !is_word(at[-1])) && !is_word(at[length])) return true;
    return false;
}

static bool begins_statements(lowering *l, const char *word) {
    size_t count;
    const char *const *words = syntax_statement_words(l->arena, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i], word) == 0) return true;
    return false;
}

/* "did you mean …?": the nearest of these names, or of those that there are not but that hints know, with their hint,
 * where the word is nothing but mistyped: of a name of one's own (model, step, rnn) torch has some neighbour. call is
 * what stands behind it: "(x, …)". */
static bool hint_nearest(lowering *l, diag *e, const char *word, const char *const *names, size_t count,
                         const char *call) {
    size_t known_count;
    const char *const *known = hint_names(l->arena, &known_count);
    const char **all = ARENA_ARRAY(l->arena, const char *, count + known_count);
    if (count) memcpy(all, names, count * sizeof *all);
    memcpy(all + count, known, known_count * sizeof *all);
    const char *nearest = diag_nearest(word, all, count + known_count);
    bool there = false;
    for (size_t i = 0; i < count; i++) there = there || names[i] == nearest;
    if (nearest && !there && (begins_statements(l, word) || !diag_is_slip(word, nearest))) {
        nearest = diag_nearest(word, names, count);
        there = true;
    }
    if (!nearest) return false;
    if (there) diag_hint(e, "did you mean %.60s%s?", nearest, call);
    else diag_hint(e, "did you mean %.60s? %s", nearest, hint_for(nearest));
    return true;
}

/* "weight" of fc.weight, where fc is a layer. */
static const char *tensor_of_layer(lowering *l, const ast_name *name) {
    const char *dot = strrchr(name->text, '.');
    const char *owner = arena_strndup(l->arena, name->text, (size_t)(dot - name->text));
    bool tensor = strncmp(dot, ".weight", 7) == 0 || strncmp(dot, ".bias", 5) == 0;
    return tensor && scope_find(l->layers, owner) ? dot + 1 : NULL;
}

static bool is_upper(const char *s) {
    for (; *s; s++)
        if ((*s < 'A' || *s > 'Z') && (*s < '0' || *s > '9') && *s != '_') return false;
    return true;
}

/* rnn(x), where a layer of that name was meant to stand before. */
static const layer_kind *kind_in_other_case(lowering *l, const char *name) {
    size_t count;
    const char *const *kinds = layer_kind_names(l->arena, &count);
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(kinds[i], name) == 0) return layer_kind_find(kinds[i]);
    return NULL;
}

/* Another model of the file, or a layer of one. */
static bool hint_other_model(const lowering *l, const char *name, diag *e) {
    for (const ast_model *m = l->file->models; m; m = m->next) {
        const char *other = m->name.text;
        if (strcmp(other, l->model->name) == 0) continue;
        if (strcmp(other, name) == 0) {
            diag_hint(e,
                      "models do not call each other: declare its layers here too (a tensor that both name is stored "
                      "once), or let the program run one after the other");
            return true;
        }
        for (const ast_stmt *s = m->statements; s; s = s->next) {
            if (s->kind != AST_LAYER || strcmp(s->name.text, name) != 0) continue;
            diag_hint(e, "it is a layer of model %.60s: declare it here too; a tensor that both name is stored once",
                      other);
            return true;
        }
    }
    return false;
}

void report_unknown_name(lowering *l, const ast_name *name) {
    const ast_stmt *below = declared_below(l, name, false);
    const char *dot = strchr(name->text, '.');
    const char *owner = dot ? arena_strndup(l->arena, name->text, (size_t)(dot - name->text)) : NULL;
    if (scope_find(l->layers, name->text)) {
        diag *e = diag_error(l->diags, name->where, "%.60s is a layer, not a value", name->text);
        diag_hint(e, "call it: %.60s(…)", name->text);
    } else if (function_find(name->text)) {
        diag *e = diag_error(l->diags, name->where, "%s is a function, not a value", name->text);
        diag_hint(e, "call it: %s(…)", name->text);
    } else if (below) {
        diag *e = diag_error(l->diags, name->where, "%.60s is used before it is declared", name->text);
        diag_note(e, below->where, "declared here");
    } else if (block_binds(l->block, name->text)) {
        diag *e = diag_error(l->diags, name->where, "%.60s has no value before the first round", name->text);
        diag_note(e, block_binds(l->block, name->text)->where, "a round binds it here");
        diag_hint(e, "bind it before the block, and it is carried from round to round");
    } else if (scope_find(l->locals, name->text)) {
        const name_entry *local = scope_find(l->locals, name->text);
        diag *e = diag_error(l->diags, name->where, "%.60s is local to the rounds of a block", name->text);
        diag_note(e, local->where, "bound here, for one round");
        diag_hint(e, "collect keeps each round's value; bound before the block too, it is carried to its end");
    } else if (dot && tensor_of_layer(l, name)) {
        const char *last = tensor_of_layer(l, name);
        diag *e = diag_error(l->diags, name->where, "a layer's tensors are no values: there is no %.60s", name->text);
        diag_hint(e, "declare it beside the layer, by its key: param %s: float32[…] from \"%.60s\"", last, name->text);
    } else if (owner && scope_find(l->values, owner)) {
        diag *e = diag_error(l->diags, name->where, "values have no attributes: there is no %.60s", name->text);
        if (strcmp(dot, ".T") == 0) diag_hint(e, "write transpose(%.60s, 0, 1)", owner);
        else if (hint_for(dot)) diag_hint(e, "%s", hint_for(dot));
    } else {
        static const char *const words[] = {"true", "false"};
        const char *nearest = scope_nearest(l->values, name->text);
        if (!nearest) nearest = diag_nearest(name->text, words, 2);
        if (may_be_lost(l, name)) return;
        diag *e = diag_error(l->diags, name->where, "there is no value %.60s", name->text);
        if (nearest) diag_hint(e, "did you mean %.60s?", nearest);
        else if (dot && hint_for(name->text)) diag_hint(e, "%s", hint_for(name->text)); /* torch.float32, math.pi */
        else if (is_upper(name->text))
            diag_hint(e, "a size that each call chooses is declared with its bounds: dim %.60s = 1..128", name->text);
    }
}

void report_unknown_callee(lowering *l, const ast_name *name) {
    const ast_stmt *below = declared_below(l, name, true);
    const char *dot = strrchr(name->text, '.');
    const char *owner = dot ? arena_strndup(l->arena, name->text, (size_t)(dot - name->text)) : NULL;
    if (below) {
        diag *e = diag_error(l->diags, name->where, "layer %.60s is used before it is declared", name->text);
        diag_note(e, below->where, "declared here");
        return;
    }
    if (layer_kind_find(dot ? dot + 1 : name->text)) {
        diag *e = diag_error(l->diags, name->where, "%.60s makes a layer, which must be declared", name->text);
        diag_hint(e, "write layer NAME = %s(…), and call NAME", dot ? dot + 1 : name->text);
        return;
    }
    if (owner && function_find(dot + 1)) {
        bool method = scope_find(l->values, owner) != NULL;
        diag *e = method ? diag_error(l->diags, name->where, "values have no methods: there is no %.60s", name->text)
                         : diag_error(l->diags, name->where, "functions stand without a prefix: there is no %.60s",
                                      name->text);
        if (!method) diag_hint(e, "write %s(…)", dot + 1);
        else diag_hint(e, "write %s(%.60s%s)", dot + 1, owner, function_find(dot + 1)->count > 1 ? ", …" : "");
        return;
    }
    const char *instead = hint_for(name->text);
    if (owner && scope_find(l->values, owner)) {
        diag *e = diag_error(l->diags, name->where, "values have no methods: there is no %.60s", name->text);
        size_t count;
        const char *const *names = function_names(l->arena, &count);
        if (instead) diag_hint(e, "%s", instead);
        else hint_nearest(l, e, dot + 1, names, count, arena_printf(l->arena, "(%.60s, …)", owner));
        return;
    }
    if (owner && scope_find(l->layers, owner)) {
        diag *e = diag_error(l->diags, name->where, "layers have no methods: there is no %.60s", name->text);
        if (strcmp(dot, ".forward") == 0) diag_hint(e, "write %.60s(…)", owner);
        else if (instead) diag_hint(e, "%s", instead);
        return;
    }
    const name_entry *entry = scope_find(l->values, name->text);
    if (entry && entry->value.kind == VALUE_POISON) return; /* l = Linear(…): what should have been a layer */
    if (entry) {
        diag *e = diag_error(l->diags, name->where, "%.60s is a value, not a layer or a function", name->text);
        const char *nearest = scope_nearest(l->layers, name->text);
        if (nearest) diag_hint(e, "did you mean the layer %.60s?", nearest);
        return;
    }
    if (may_be_lost(l, name)) return;
    diag *e = diag_error(l->diags, name->where, "there is no layer or function %.60s", name->text);
    if (instead) {
        diag_hint(e, "%s", instead);
        return;
    }
    const layer_kind *kind = kind_in_other_case(l, name->text);
    if (kind) {
        diag_hint(e, "write layer %.60s = %s(…) before it", name->text, kind->name);
        return;
    }
    if (hint_other_model(l, name->text, e)) return;
    size_t count;
    const char *const *names = function_names(l->arena, &count), *layer_name = scope_nearest(l->layers, name->text);
    const char **all = ARENA_ARRAY(l->arena, const char *, count + 1);
    memcpy(all, names, count * sizeof *all);
    if (layer_name) all[count++] = layer_name;
    hint_nearest(l, e, name->text, all, count, "");
}

const layer_kind *report_unknown_kind(lowering *l, const ast_name *name) {
    size_t count;
    const char *const *candidates = layer_kind_names(l->arena, &count);
    const char *dot = strrchr(name->text, '.');
    const layer_kind *kind = dot ? layer_kind_find(dot + 1) : NULL;
    if (kind) {
        diag *e = diag_error(l->diags, name->where, "layers stand without a prefix: there is no %.60s", name->text);
        diag_hint(e, "write %s(…)", kind->name);
        return kind;
    }
    diag *e = diag_error(l->diags, name->where, "there is no layer %.60s", name->text);
    const char *last = dot ? dot + 1 : name->text;
    const char *instead = hint_for(name->text);
    const function *f = function_find(last);
    if (instead) {
        diag_hint(e, "%s", instead);
    } else if (f) {
        diag_hint(e, "%s is a function: call it where it is used, without a layer", f->name);
    } else if (!hint_nearest(l, e, last, candidates, count, "")) {
        text t = text_new(l->arena);
        for (size_t i = 0; i < count; i++) text_printf(&t, "%s%s", i ? ", " : "", candidates[i]);
        diag_note_plain(e, "there are %s", text_string(&t));
    }
    return NULL;
}

