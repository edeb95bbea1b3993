//! Turns the addresses of a measured process into logical stacks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use perfkit_model::category::Category;
use perfkit_model::layout::{TypeKind, TypeLayout};
use perfkit_model::part::{Module, RawStack};
use perfkit_model::stacks::Frame;

use crate::cache::{CachedAddress, SymbolCache, VERSION};
use crate::categories::{self, Class, Layer};
use crate::code::{self, Code, Raw};
use crate::image::{Image, Outline};
use crate::inlined::Binary;
use crate::logical::{self, Leaf, Level};
use crate::modules::{self, AddressSpace, Kind};
use crate::problem::{OpenError, Problem};
use crate::types;
use crate::workspace::WorkspaceCrates;

/// Least size of an enum that is read: one in a moved type of a kilobyte that fills at least half of it.
const LEAST_ENUM: u64 = 512;

/// Resolves the stacks of one measured executable. Addresses stay cached across stacks, passes and lenses.
pub struct Symboliser {
    workspace: WorkspaceCrates,
    executable: PathBuf,
    build_id: String,
    problems: Vec<Problem>,
    binaries: Vec<Loaded>,
    space: AddressSpace,
    /// Distinct code with its class.
    codes: Vec<(Code, Class)>,
    indices: HashMap<Code, u32>,
    /// Code by symbol, name and file, without its line: the same function is met at many addresses.
    normalised: HashMap<String, Code>,
    /// Layouts of the executable's large enums, once they were asked for.
    enums: Option<Vec<TypeLayout>>,
}

/// A module's file, opened on the first address that is not cached.
struct Loaded {
    /// Build id, or the path where there is none: the key in a [`SymbolCache`].
    key: String,
    path: String,
    kind: Kind,
    addresses: HashMap<u64, Address>,
    file: Option<Option<Binary>>,
}

/// What an address stands for.
#[derive(Debug, Clone, Default)]
struct Address {
    /// Innermost first.
    codes: Vec<u32>,
    function: Option<(u64, u64)>,
    after_system_call: bool,
}

impl Symboliser {
    /// Opens a measured executable. Only its headers are read before the first address asks for more.
    ///
    /// # Errors
    ///
    /// When the file is missing or is no binary. A binary without debug info is a [`Problem`], not an error.
    pub fn open(executable: &Path, workspace: &WorkspaceCrates) -> Result<Self, OpenError> {
        let outline = Outline::read(executable)?;
        let resolved = std::fs::canonicalize(executable).unwrap_or_else(|_| executable.to_owned());
        let mut problems = Vec::new();
        if !outline.debug_info || !outline.line_tables {
            problems.push(Problem::NoDebugInfo {
                path: resolved.clone(),
            });
        }
        if !outline.symbols {
            problems.push(Problem::NoSymbols {
                path: resolved.clone(),
            });
        }
        Ok(Self {
            workspace: workspace.clone(),
            executable: resolved,
            build_id: outline.build_id,
            problems,
            binaries: Vec::new(),
            space: AddressSpace::default(),
            codes: Vec::new(),
            indices: HashMap::new(),
            normalised: HashMap::new(),
            enums: None,
        })
    }

    /// Build id of the executable in hexadecimal; a hash of its content where the linker wrote none.
    #[must_use]
    pub fn build_id(&self) -> &str {
        &self.build_id
    }

    /// What makes the stacks poorer than they could be, found so far.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Starts a process: the addresses of the next stacks are this process's.
    ///
    /// `known` are functions whose run-time address the process looked up itself: glibc chooses its copy
    /// functions at start-up, and a stripped libc has no symbols for what it chose.
    pub fn begin(&mut self, modules: &[Module], known: &[(String, u64)]) {
        self.space = AddressSpace::new(modules, known, |module| {
            let executable = Path::new(&module.path) == self.executable
                || module.build_id.as_ref() == Some(&self.build_id)
                || std::fs::canonicalize(&module.path).is_ok_and(|path| path == self.executable);
            let key = match &module.build_id {
                Some(id) => id.clone(),
                None if executable => self.build_id.clone(),
                None => module.path.clone(),
            };
            if let Some(index) = self.binaries.iter().position(|binary| binary.key == key) {
                let binary = &mut self.binaries[index];
                // Modules that came from a stored cache have no path yet.
                if binary.path.is_empty() {
                    binary.path.clone_from(&module.path);
                    binary.kind = if executable {
                        Kind::Executable
                    } else {
                        modules::kind(&module.path)
                    };
                }
                return index;
            }
            self.binaries.push(Loaded {
                key,
                path: module.path.clone(),
                kind: if executable {
                    Kind::Executable
                } else {
                    modules::kind(&module.path)
                },
                addresses: HashMap::new(),
                file: None,
            });
            self.binaries.len() - 1
        });
    }

    /// The logical stack of a recorded one: root first, ready for a `StacksBuilder`, never empty.
    pub fn logical(&mut self, stack: &RawStack) -> Vec<Frame> {
        let mut codes: Vec<u32> = Vec::with_capacity(stack.frames.len() * 4);
        let mut system_call = None;
        for (index, address) in stack.frames.iter().enumerate() {
            let exact = index == 0 && stack.exact_leaf;
            let probe = if exact {
                *address
            } else {
                address.wrapping_sub(1)
            };
            let Some((binary, at)) = self.space.find(probe) else {
                let nameless = self.intern_nameless("[unknown]");
                codes.push(nameless);
                continue;
            };
            if !self.binaries[binary].addresses.contains_key(&at) {
                let resolved = self.resolve(binary, at);
                self.binaries[binary].addresses.insert(at, resolved);
            }
            let resolved = &self.binaries[binary].addresses[&at];
            if exact && resolved.after_system_call {
                system_call = Some(binary);
            }
            if resolved.codes.is_empty() {
                let function = resolved.function;
                let code = self.unnamed(binary, function);
                codes.push(code);
            } else {
                codes.extend_from_slice(&resolved.codes);
            }
        }
        if system_call.is_some() {
            let name = self.system_call_name(&codes);
            let layer = Layer::System(Category::Kernel);
            let code = Code {
                path: name,
                ..Code::default()
            };
            let kernel = self.intern_as(
                code,
                Class {
                    layer,
                    plumbing: false,
                },
            );
            codes.insert(0, kernel);
        }
        let levels = codes.iter().rev().map(|code| {
            let (code, class) = &self.codes[*code as usize];
            Level { code, class }
        });
        let leaf = if stack.exact_leaf {
            Leaf::Exact
        } else {
            Leaf::Return
        };
        logical::fold(&levels.collect::<Vec<_>>(), leaf)
    }

    /// Layouts of the executable's enums of at least 512 bytes that have one of these names (`DistriErr`: without modules
    /// and generics). None where debug info has no types, as with line tables only.
    pub fn enums(&mut self, names: &BTreeSet<String>) -> Vec<TypeLayout> {
        if self.enums.is_none() && !names.is_empty() {
            let options = types::Options {
                least: LEAST_ENUM,
                root: self.workspace.root.clone(),
                threads: 1,
            };
            // A file that cannot be read now may be readable in a later run.
            self.enums = types::read(&self.executable, &options).ok().map(|read| {
                let types = read.table.types.into_iter();
                types
                    .filter(|layout| layout.kind == TypeKind::Enum)
                    .collect()
            });
        }
        let known = self.enums.iter().flatten();
        known
            .filter(|layout| names.contains(layout.simple_name()))
            .cloned()
            .collect()
    }

    /// Everything resolved so far, for [`Symboliser::import`] in a later run.
    #[must_use]
    pub fn export(&self) -> SymbolCache {
        let mut codes = Vec::new();
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        let mut modules = BTreeMap::new();
        for binary in self
            .binaries
            .iter()
            .filter(|binary| !binary.addresses.is_empty())
        {
            let sorted: BTreeMap<&u64, &Address> = binary.addresses.iter().collect();
            let addresses = sorted.into_iter().map(|(at, address)| CachedAddress {
                at: *at,
                codes: address
                    .codes
                    .iter()
                    .map(|code| {
                        *numbers.entry(*code).or_insert_with(|| {
                            codes.push(self.codes[*code as usize].0.clone());
                            codes.len() as u32 - 1
                        })
                    })
                    .collect(),
                function: address.function,
                after_system_call: address.after_system_call,
            });
            modules.insert(binary.key.clone(), addresses.collect());
        }
        SymbolCache {
            version: VERSION,
            root: self.root(),
            codes,
            modules,
            enums: self
                .enums
                .iter()
                .map(|enums| (self.build_id.clone(), enums.clone()))
                .collect(),
        }
    }

    /// Takes over what an earlier run resolved. A cache of another version or workspace folder is ignored.
    pub fn import(&mut self, cache: &SymbolCache) {
        if cache.version != VERSION || cache.root != self.root() {
            return;
        }
        if let Some(enums) = cache.enums.get(&self.build_id) {
            self.enums = Some(enums.clone());
        }
        let codes: Vec<u32> = cache
            .codes
            .iter()
            .map(|code| self.intern(code.clone()))
            .collect();
        for (key, addresses) in &cache.modules {
            let index = self
                .binaries
                .iter()
                .position(|binary| binary.key == *key)
                .unwrap_or_else(|| {
                    self.binaries.push(Loaded {
                        key: key.clone(),
                        path: String::new(),
                        kind: Kind::Library(String::new()),
                        addresses: HashMap::new(),
                        file: None,
                    });
                    self.binaries.len() - 1
                });
            for address in addresses {
                let of = address
                    .codes
                    .iter()
                    .map(|code| codes.get(*code as usize).copied());
                // A damaged entry is looked up again.
                let Some(codes) = of.collect::<Option<Vec<u32>>>() else {
                    continue;
                };
                let (function, after_system_call) = (address.function, address.after_system_call);
                self.binaries[index].addresses.insert(
                    address.at,
                    Address {
                        codes,
                        function,
                        after_system_call,
                    },
                );
            }
        }
    }

    fn root(&self) -> String {
        self.workspace.root.to_string_lossy().into_owned()
    }

    fn resolve(&mut self, binary: usize, at: u64) -> Address {
        if self.binaries[binary].file.is_none() {
            let file = self.load(binary);
            self.binaries[binary].file = Some(file);
        }
        // Taken out for the call, so that the rest of `self` can be changed meanwhile.
        let Some(Some(file)) = self.binaries[binary].file.take() else {
            self.binaries[binary].file = Some(None);
            return Address::default();
        };
        let kind = self.binaries[binary].kind.clone();
        let mut address = Address {
            after_system_call: file.image().after_system_call(at),
            ..Address::default()
        };
        let (root, normalised) = (&self.workspace.root, &mut self.normalised);
        let (mut found, mut key) = (Vec::new(), String::new());
        let outcome = file.levels(at, |level| {
            let raw = Raw {
                symbol: level.symbol.as_deref(),
                debug_name: level.debug_name.as_deref(),
                file: level.file,
                line: level.line,
            };
            key.clear();
            for part in [raw.symbol, raw.debug_name, raw.file] {
                key.push_str(part.unwrap_or_default());
                key.push('\0');
            }
            let code = match normalised.get(&key).filter(|_| raw.line > 0) {
                Some(code) => Code {
                    line: raw.line,
                    ..code.clone()
                },
                None => code::normalise(&raw, root),
            };
            if raw.line > 0 && code.line > 0 && !normalised.contains_key(&key) {
                normalised.insert(key.clone(), code.clone());
            }
            found.push(code);
        });
        if let Err(reason) = outcome {
            let path = self.binaries[binary].path.clone();
            self.note(Problem::Damaged {
                path,
                reason: reason.to_string(),
            });
        }
        if found.iter().all(|code| code.path.is_empty()) {
            found.clear();
            if let Some(symbol) = file.image().symbol(at) {
                let raw = Raw {
                    symbol: Some(symbol),
                    ..Raw::default()
                };
                found.push(code::normalise(&raw, &self.workspace.root));
            } else {
                address.function = file.image().function(at);
            }
        }
        code::adopt_closures(&mut found);
        for code in &mut found {
            if code.krate.is_empty() {
                match &kind {
                    Kind::CRuntime | Kind::Vdso => code.c_library = true,
                    Kind::Library(name) => code.krate.clone_from(name),
                    Kind::Executable => {}
                }
            }
        }
        address.codes = found.into_iter().map(|code| self.intern(code)).collect();
        self.binaries[binary].file = Some(Some(file));
        address
    }

    fn load(&mut self, binary: usize) -> Option<Binary> {
        let Loaded {
            path, kind, key, ..
        } = &self.binaries[binary];
        let file = match kind {
            Kind::Vdso => return None,
            Kind::Executable => self.executable.clone(),
            _ => PathBuf::from(path),
        };
        let opened = Outline::read(&file).and_then(|outline| Ok((outline, Image::read(&file)?)));
        match opened {
            // The key is a path where the process found no build id; then there is nothing to compare.
            Ok((outline, _))
                if outline.build_id != *key
                    && *key != *path
                    && !outline.build_id.starts_with("content-") =>
            {
                let path = path.clone();
                self.note(Problem::Rebuilt { path });
                None
            }
            Ok((_, image)) => {
                let executable = *kind == Kind::Executable;
                let binary = Binary::parse(image);
                if executable {
                    self.inspect(&binary);
                }
                Some(binary)
            }
            Err(error) => {
                self.note(Problem::Module {
                    reason: error.to_string(),
                });
                None
            }
        }
    }

    /// A binary without debug info still holds the standard library's: look for the workspace's own.
    fn inspect(&mut self, binary: &Binary) {
        let survey = binary.survey();
        let path = self.executable.clone();
        let members = &self.workspace.members;
        if survey.split {
            self.note(Problem::SplitDebugInfo { path });
        } else if !members.is_empty() && survey.crates.is_disjoint(members) {
            self.note(Problem::NoDebugInfo { path });
        }
    }

    /// Code of a function without a symbol: what the process knows about it, or one frame for the whole module.
    fn unnamed(&mut self, binary: usize, function: Option<(u64, u64)>) -> u32 {
        if let Some(name) = function.and_then(|range| self.space.known(binary, range)) {
            let path = categories::canonical(name);
            return self.intern(Code {
                path,
                c_library: true,
                ..Code::default()
            });
        }
        let Loaded { path, kind, .. } = &self.binaries[binary];
        if *kind == Kind::Vdso {
            // Nearly every call into the kernel's page reads a clock.
            let path = "clock_gettime (vdso)".to_owned();
            return self.intern(Code {
                path,
                c_library: true,
                ..Code::default()
            });
        }
        let file = path.rsplit('/').next().unwrap_or(path);
        let path = format!("{file} (no symbols)");
        match kind {
            // Whose code it is, is known all the same.
            Kind::Library(name) if !name.is_empty() => {
                let krate = name.clone();
                self.intern(Code {
                    path,
                    krate,
                    ..Code::default()
                })
            }
            _ => self.intern_nameless(&path),
        }
    }

    /// `syscall write`, named after the C function that makes the call.
    fn system_call_name(&self, codes: &[u32]) -> String {
        let callers = codes.iter().map(|code| &self.codes[*code as usize]);
        let named = callers
            .clone()
            .take_while(|(code, class)| code.c_library || class.layer == Layer::Nameless);
        let named = named
            .map(|(code, _)| code)
            .find(|code| code.c_library && !code.path.starts_with("__syscall"));
        let name = named.map_or("", |code| {
            code.path
                .trim_start_matches("__libc_")
                .trim_start_matches('_')
        });
        // The standard library makes its futex calls through libc's `syscall`.
        let futex = callers.take(6).any(|(code, _)| code.path.contains("futex"));
        match name {
            "" | "syscall" if futex => "syscall futex".to_owned(),
            "" | "syscall" => "syscall".to_owned(),
            name => format!("syscall {name}"),
        }
    }

    fn intern(&mut self, code: Code) -> u32 {
        let class = categories::classify(&code, &self.workspace);
        self.intern_as(code, class)
    }

    fn intern_nameless(&mut self, name: &str) -> u32 {
        let class = Class {
            layer: Layer::Nameless,
            plumbing: false,
        };
        self.intern_as(
            Code {
                path: name.to_owned(),
                ..Code::default()
            },
            class,
        )
    }

    fn intern_as(&mut self, code: Code, class: Class) -> u32 {
        if let Some(index) = self.indices.get(&code) {
            return *index;
        }
        let index = self.codes.len() as u32;
        self.indices.insert(code.clone(), index);
        self.codes.push((code, class));
        index
    }

    fn note(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}
