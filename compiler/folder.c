/* folder: see folder.h. */
#include "folder.h"

#include <dirent.h>
#include <strings.h>

folder folder_new(arena *a, const char *path, diag_list *diags) {
    return (folder){.arena = a, .path = path, .diags = diags};
}

bool folder_is_empty(const char *path) {
    DIR *d = opendir(path);
    bool empty = true;
    if (!d) return true;
    for (struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) empty = false;
    closedir(d);
    return empty;
}

bool folder_make_way(folder *f, const char *relative) {
    if (!output_make_folder(f->path, f->diags)) return false;
    for (const char *c = relative; (c = strchr(c, '/')); c++) {
        const char *part =
            arena_printf(f->arena, "%s/%.*s", f->path, (int)(c - relative), relative);
        if (!output_make_folder(part, f->diags)) return false;
    }
    return true;
}

/* A folder may be copied to where case is ignored. */
static bool differ_in_more_than_case(const place *all, size_t count, diag_list *diags) {
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++) {
            if (!all[i].path || !all[k].path || strcasecmp(all[i].path, all[k].path) != 0) continue;
            diag_error_file(diags, all[i].path, "where case is ignored, two outputs are this file; the other is %s",
                            all[k].path);
            return false;
        }
    return true;
}

bool folder_distinct(const folder *f, const place *places, size_t count) {
    place *all = ARENA_ARRAY(f->arena, place, f->count + count);
    for (size_t i = 0; i < f->count; i++) all[i] = f->files[i]->place;
    for (size_t i = 0; i < count; i++) all[f->count + i] = places[i];
    return output_distinct(all, f->count + count, f->inputs, f->input_count, f->diags) &&
           differ_in_more_than_case(all, f->count + count, f->diags);
}

static bool add(folder *f, const char *relative, const char *bytes, size_t size) {
    place at;
    output *o = ARENA_NEW(f->arena, output);
    if (f->count == FOLDER_MOST_FILES) ice("more than %d files in a folder", FOLDER_MOST_FILES);
    if (!folder_make_way(f, relative)) return false;
    if (!output_find(f->arena, arena_printf(f->arena, "%s/%s", f->path, relative), &at, f->diags))
        return false;
    if (!folder_distinct(f, &at, 1) || !output_open(f->arena, o, &at, f->diags)) return false;
    f->files[f->count++] = o;
    if (fwrite(bytes, 1, size, o->file) == size && fflush(o->file) == 0) return true;
    output_complain(o, f->diags);
    return false;
}

bool folder_add_set(folder *f, const char *set, const template_variable *variables) {
    for (const template_file *t = template_files; t->path; t++) {
        const char *path = template_path_in(t, set);
        if (!path) continue;
        text name = text_new(f->arena), bytes = text_new(f->arena);
        template_fill(path, strlen(path), variables, &name);
        template_fill(t->bytes, t->size, variables, &bytes);
        if (!add(f, text_string(&name), text_string(&bytes), bytes.length)) return false;
    }
    return true;
}

bool folder_commit(folder *f) {
    bool good = output_commit(f->files, f->count, f->diags);
    output_end_folders(good);
    return good;
}

void folder_discard(folder *f) {
    output_discard(f->files, f->count);
    output_end_folders(false);
}
