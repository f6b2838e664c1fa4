//! What comes of each input of a folder, sorted by name: `<hash> <name>` a line.

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("it is there").map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let hash = pocketbit_fuzz::engine(&std::fs::read(&path).expect("it can be read"));
        println!("{hash:016x} {}", path.file_name().unwrap_or_default().to_string_lossy());
    }
}
