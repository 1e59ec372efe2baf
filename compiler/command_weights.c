/* command_weights: the command line of nnc weights. */
#include "command_weights.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "weights/list.h"

enum { STATUS_DONE = 0, STATUS_INPUT = 1, STATUS_USAGE = 2 };

static const char help[] =
    "usage: nnc weights FILE [options]\n"
    "\n"
    "Shows what a weights file holds: every tensor with its key, type and shape, in which dict it "
    "is, and the layers\n"
    "whose tensors these would be, as lines for a .nn file. Reads .safetensors, what torch.save "
    "and torch.jit.save\n"
    "write (.pt, .pth, .ckpt), and .npz, by their contents.\n"
    "\n"
    "      --weights-key KEY   only this dict\n"
    "      --diagnostics HOW   errors as text (default), or as json: an object to a line\n"
    "      --help\n";

static int usage(const char *format, const char *what) {
    fputs("nnc weights: ", stderr);
    fprintf(stderr, format, what);
    fputs("\nTry 'nnc weights --help'.\n", stderr);
    return STATUS_USAGE;
}

static int show(const char *path, const char *key, const diag_settings *settings) {
    arena *a = arena_new();
    diag_list *diags = diag_list_new(a, NULL);
    diag_set(diags, settings);
    text shown = text_new(a);
    tensor_file *f = tensor_file_open(a, path, diags, (span){0, 0});
    bool good = f && list_weights(a, f, key, diags, &shown);
    if (good && (fputs(text_string(&shown), stdout) < 0 || fflush(stdout) != 0)) {
        diag_error_file(diags, "standard output", "%s", strerror(errno));
        good = false;
    }
    diag_print(diags, stderr);
    tensor_file_close(f);
    arena_free(a);
    return good ? STATUS_DONE : STATUS_INPUT;
}

int command_weights(int argc, char **argv) {
    enum { KEY = 256, DIAGNOSTICS, HELP };
    static const struct option longs[] = {{"weights-key", required_argument, NULL, KEY},
                                          {"diagnostics", required_argument, NULL, DIAGNOSTICS},
                                          {"help", no_argument, NULL, HELP},
                                          {NULL, 0, NULL, 0}};
    diag_settings settings = {.format = DIAG_TEXT};
    const char *key = NULL;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", longs, NULL)) != -1;) {
        switch (option) {
        case KEY: key = optarg; break;
        case DIAGNOSTICS:
            settings.format = strcmp(optarg, "json") == 0 ? DIAG_JSON : DIAG_TEXT;
            if (settings.format == DIAG_TEXT && strcmp(optarg, "text") != 0)
                return usage("--diagnostics takes text or json, not %s", optarg);
            break;
        case 'h':
        case HELP: fputs(help, stdout); return STATUS_DONE;
        default: return usage("unknown option or missing argument: %s", argv[optind - 1]);
        }
    }
    if (optind + 1 != argc)
        return usage("%s", optind < argc ? "one file at a time" : "no file given");
    return show(argv[optind], key, &settings);
}
