/*
 * ask FILE: open FILE as Python opens an extension module, and say what became of it.
 *
 * Writes one line for each file that is mapped then, "ok" and exits with 0; or the loader's refusal and exits with 3.
 * Constructors run; destructors do not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

static void say(const char *word, const char *text)
{
    write(1, word, strlen(word));
    write(1, text, strlen(text));
    write(1, "\n", 1);
}

static int say_name(struct dl_phdr_info *file, size_t size, void *unused)
{
    say("mapped ", file->dlpi_name);
    return 0;
}

int main(int argc, char **argv)
{
    const char *refusal;

    if (argc != 2)
        return 2;
    if (!dlopen(argv[1], RTLD_NOW | RTLD_LOCAL)) {
        refusal = dlerror();
        say("refused ", refusal ? refusal : "");
        _exit(3);
    }
    dl_iterate_phdr(say_name, 0);
    say("ok", "");
    _exit(0);
}
