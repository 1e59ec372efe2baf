/* weights: nnc weights, what a weights file holds. */
#include "commands/command.h"

#include "commands/beside.h"
#include "weights/list.h"

typedef struct {
    const char *path, *other; /* other: of two files of weights beside the code, or NULL */
    const char *key;
} wanted;

static bool list(arena *a, const wanted *w, diag_list *diags, text *to) {
    if (beside_is(w->path)) return beside_show(a, w->path, w->other, diags, to);
    if (w->other) {
        diag_error_file(diags, w->path, "only files of weights beside the code, which nnc wrote, can be compared");
        return false;
    }
    tensor_file *f = tensor_file_open(a, w->path, diags, (span){0, 0});
    bool good = f && list_weights(a, f, w->key, diags, to);
    tensor_file_close(f);
    return good;
}

static int show(const wanted *w, const command_line *line) {
    arena *a = line->arena;
    diag_list *diags = diag_list_new(a, NULL);
    diag_set(diags, &line->settings);
    text shown = text_new(a);
    bool good = list(a, w, diags, &shown);
    /* of a damaged file, what can be said of it is shown, too */
    if (shown.length) good = command_print(text_string(&shown), diags) && good;
    diag_print(diags, stderr);
    return good ? STATUS_DONE : STATUS_INPUT;
}

enum { KEY };
static const command_option options[] = {
    [KEY] = {0, "weights-key", "KEY", "only this dict"},
};

static int run(command_line *line) {
    wanted w = {0};
    while (command_next(line) >= 0) w.key = line->value;
    if (line->status >= 0) return line->status;
    if (line->word_count < 1 || line->word_count > 2)
        return command_usage(line, "%s", line->word_count ? "one file, or two to compare" : "no file given");
    w.path = line->words[0];
    w.other = line->word_count > 1 ? line->words[1] : NULL;
    return show(&w, line);
}

const command command_weights = {
    .name = "weights",
    .arguments = "FILE [FILE] [options]",
    .summary = "what a weights file holds, as lines for a .nn file",
    .about =
        "Shows what a weights file holds: every tensor with its key, type and shape, in which dict it is, and the "
        "layers\n"
        "whose tensors these would be, as lines for a .nn file. Reads .safetensors, what torch.save and "
        "torch.jit.save\n"
        "write (.pt, .pth, .ckpt), and .npz, by their contents.\n"
        "Of a file that --weights-as file wrote it shows the tables, whether all of it is as it was written, and, with "
        "a\n"
        "second such file, whether the same code takes both, and else in what they differ.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
