/* graph: nnc graph, a picture of each model, as Graphviz's text or drawn by it. */
#include <errno.h>
#include <graphviz/gvc.h>
#include <string.h>

#include "commands/command.h"
#include "commands/picture.h"
#include "commands/pipeline.h"
#include "output.h"

typedef enum { NONE, DOT, SVG } format;

static format format_of(const char *path) {
    const char *dot = strrchr(path_base(path), '.');
    if (!dot) return NONE;
    if (strcmp(dot, ".svg") == 0) return SVG;
    return strcmp(dot, ".dot") == 0 || strcmp(dot, ".gv") == 0 ? DOT : NONE;
}

static bool draw(Agraph_t *picture, const char *path, FILE *to, diag_list *diags) {
    GVC_t *gvc = gvContext();
    char *data = NULL;
    unsigned size = 0;
    bool laid_out = gvc && gvLayout(gvc, picture, "dot") == 0;
    bool good = laid_out && gvRenderData(gvc, picture, "svg", &data, &size) == 0 && data;
    if (!good)
        diag_error_file(diags, path, "Graphviz does not draw this%s%s", aglasterr() ? ": " : "",
                        aglasterr() ? aglasterr() : "");
    if (good && fwrite(data, 1, size, to) != size) {
        diag_error_file(diags, path, "%s", strerror(errno));
        good = false;
    }
    if (data) gvFreeRenderData(data);
    if (laid_out) gvFreeLayout(gvc, picture);
    if (gvc) gvFreeContext(gvc);
    return good;
}

static int write_picture(pipeline *p, Agraph_t *picture, const char *path) {
    place at;
    output file, *all[] = {&file};
    if (!output_find(p->arena, path, &at, p->diags)) return STATUS_INPUT;
    size_t count;
    const char **inputs = pipeline_inputs(p, &count);
    if (!output_distinct(&at, 1, inputs, count, p->diags)) return STATUS_USAGE;
    if (!output_open(p->arena, &file, &at, p->diags)) return STATUS_INPUT;
    bool good = true;
    if (format_of(path) == SVG) {
        good = draw(picture, path, file.file, p->diags);
    } else if (agwrite(picture, file.file) != 0) {
        output_complain(&file, p->diags);
        good = false;
    }
    if (good) return output_commit(all, 1, p->diags) ? STATUS_DONE : STATUS_INPUT;
    output_discard(all, 1);
    return STATUS_INPUT;
}

static int show(const options *o, const char *path) {
    pipeline p;
    int status = STATUS_INPUT;
    if (pipeline_open(&p, o) && pipeline_lower(&p, pipeline_parse(&p)) && !diag_failed(p.diags)) {
        agseterr(AGMAX); /* what Graphviz has to say is said in our words */
        Agraph_t *picture = picture_new();
        for (size_t i = 0; i < p.file.count; i++) picture_add(picture, p.arena, p.file.models[i], i);
        status = write_picture(&p, picture, path);
        agclose(picture);
    }
    pipeline_close(&p);
    return status;
}

enum { OUTPUT };
static const command_option rows[] = {
    [OUTPUT] = {'o', "output", "FILE", "the picture: .svg, or .dot (.gv) for Graphviz's own tools"},
};

static int run(command_line *line) {
    options o = options_default();
    const char *path = NULL;
    while (command_next(line) >= 0) path = line->value;
    if (line->status >= 0) return line->status;
    if (line->word_count != 1)
        return command_usage(line, "%s", line->word_count ? "one model at a time" : "no model given");
    if (!path) return command_usage(line, "where to? add -o FILE.svg");
    if (format_of(path) == NONE)
        return command_usage(line, "the output's name must end in .svg, .dot or .gv: %s", path);
    o.input = line->words[0];
    o.diagnostics = line->settings;
    return show(&o, path);
}

const command command_graph = {
    .name = "graph",
    .arguments = "MODEL.nn -o FILE.svg [options]",
    .summary = "a picture of layers, shapes and states",
    .about =
        "Draws each model of the file: layers and functions as boxes, shapes on arrows, states with a dashed arrow "
        "from\n"
        "one run to the next. Views are left out: an arrow shows the shape behind them. Needs no weights.",
    .options = rows,
    .option_count = sizeof rows / sizeof *rows,
    .run = run,
};
