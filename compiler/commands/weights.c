/* weights: nnc weights, what a weights file holds. */
#include "commands/command.h"

#include "weights/list.h"

static int show(const char *path, const char *key, const diag_settings *settings) {
    arena *a = arena_new();
    diag_list *diags = diag_list_new(a, NULL);
    diag_set(diags, settings);
    text shown = text_new(a);
    tensor_file *f = tensor_file_open(a, path, diags, (span){0, 0});
    bool good = f && list_weights(a, f, key, diags, &shown) && command_print(text_string(&shown), diags);
    diag_print(diags, stderr);
    tensor_file_close(f);
    arena_free(a);
    return good ? STATUS_DONE : STATUS_INPUT;
}

enum { KEY };
static const command_option options[] = {
    [KEY] = {0, "weights-key", "KEY", "only this dict"},
};

static int run(command_line *line) {
    const char *key = NULL;
    while (command_next(line) >= 0) key = line->value;
    if (line->status >= 0) return line->status;
    if (line->word_count != 1) return command_usage(line, "%s", line->word_count ? "one file at a time" : "no file given");
    return show(line->words[0], key, &line->settings);
}

const command command_weights = {
    .name = "weights",
    .arguments = "FILE [options]",
    .summary = "what a weights file holds, as lines for a .nn file",
    .about = "Shows what a weights file holds: every tensor with its key, type and shape, in which dict it is, and the layers\n"
             "whose tensors these would be, as lines for a .nn file. Reads .safetensors, what torch.save and torch.jit.save\n"
             "write (.pt, .pth, .ckpt), and .npz, by their contents.",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .run = run,
};
