// Shows the picture that was chosen before it is sent. The form works without it.
const input = document.getElementById("picture");
const preview = document.getElementById("preview");

input.addEventListener("change", () => {
  URL.revokeObjectURL(preview.src);
  const [file] = input.files;
  preview.hidden = !file;
  preview.src = file ? URL.createObjectURL(file) : "";
});
