// Offers the device's position; without this script the address field does the same job.
const box = document.querySelector("[data-position]");
if (box && "geolocation" in navigator) {
  const said = box.querySelector("[role=status]");
  const field = (name) => document.querySelector(`input[name=${name}]`);
  const found = ({ coords }) => {
    field("lat").value = coords.latitude.toFixed(6);
    field("lon").value = coords.longitude.toFixed(6);
    field("accuracy").value = Math.round(coords.accuracy);
    said.textContent = box.dataset.found;
  };
  const failed = () => { said.textContent = box.dataset.failed; };
  box.hidden = false;
  box.querySelector("button").addEventListener("click", () => {
    said.textContent = box.dataset.asking;
    navigator.geolocation.getCurrentPosition(found, failed, { enableHighAccuracy: true, timeout: 15000 });
  });
}
