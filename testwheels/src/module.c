/*
 * An extension module without Python.h: the few parts of the stable ABI that it uses, declared by hand, so that one
 * source serves every architecture and CPython from 3.2 on. `probe()` returns what the second source of the case says.
 */
#ifndef MODULE
#define MODULE _probe
#endif
#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

typedef __INTPTR_TYPE__ Py_ssize_t;
typedef struct PyObject PyObject;

struct PyMethodDef {
    const char *name;
    PyObject *(*method)(PyObject *, PyObject *);
    int flags;
    const char *doc;
};

struct PyModuleDef {
    Py_ssize_t reference_count;
    void *type;
    PyObject *(*init)(void);
    Py_ssize_t index;
    PyObject *copy;
    const char *name, *doc;
    Py_ssize_t size;
    struct PyMethodDef *methods;
    void *slots, *traverse, *clear, *release;
};

PyObject *PyModule_Create2(struct PyModuleDef *, int);
PyObject *PyLong_FromLong(long);

long probe(void);

static PyObject *call_probe(PyObject *self, PyObject *arguments)
{
    return PyLong_FromLong(probe());
}

#define METH_NOARGS 4
#define PYTHON_API_VERSION 1013

static struct PyMethodDef methods[] = {{"probe", call_probe, METH_NOARGS, "What the case does."}, {0}};
static struct PyModuleDef module = {.reference_count = 1, .name = TEXT(MODULE), .size = -1, .methods = methods};

__attribute__((visibility("default"))) PyObject *JOIN(PyInit_, MODULE)(void)
{
    return PyModule_Create2(&module, PYTHON_API_VERSION);
}
